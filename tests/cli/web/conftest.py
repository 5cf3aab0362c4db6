"""A server for each test that wants one, as a process of its own, with the toy in the models' place."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.processes import LIMIT

for package in ("starlette", "uvicorn", "websockets", "httpx2"):
    pytest.importorskip(package)

STUB_SITE = str(Path(__file__).parents[2] / "helpers" / "stub_site")

SERVE = """
import json, sys
from sottovoce.cli.web.limits import Limits
from sottovoce.cli.web.server import listen, serve
with listen("127.0.0.1", 0) as taken:
    print(taken.getsockname()[1], flush=True)
    serve(taken, "127.0.0.1", Limits(**json.loads(sys.argv[1])))
"""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Serving:
    """A server that runs."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Of its page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def live(self) -> str:
        """Address of its live sessions."""
        return f"ws://127.0.0.1:{self.port}/api/live"

    def memory(self) -> float:
        """MB that it takes."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            pytest.skip("no /proc here")
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1000


@pytest.fixture(scope="session")
def starting() -> Iterator[Callable[..., Serving]]:
    """Starts servers with limits, once for each."""
    started: dict[str, tuple[subprocess.Popen, Serving]] = {}

    def start(**limits: float) -> Serving:
        given = json.dumps(limits, sort_keys=True)
        if given not in started:
            environment = {
                **os.environ,
                **ONE_THREAD,
                "PYTHONPATH": os.pathsep.join((STUB_SITE, os.environ.get("PYTHONPATH", ""))),
            }
            command = (sys.executable, "-c", SERVE, given)
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout
            started[given] = process, Serving(int(process.stdout.readline()), process.pid)
        return started[given][1]

    yield start
    for process, _ in started.values():
        process.terminate()
    for process, _ in started.values():
        process.communicate(timeout=LIMIT)
