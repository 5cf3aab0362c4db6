import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.processes import LIMIT, start, wait_until

from sottovoce.cli.support.workers import each
from sottovoce.codec.errors import SottoError

# Each worker tells its number and then works for longer than any test waits.
LONG = """
import os, time
from pathlib import Path
from sottovoce.cli.support.workers import each

def work(task):
    Path(f"worker-{task}").write_text(str(os.getpid()))
    time.sleep(600)

if __name__ == "__main__":
    list(each(work, [0, 1], 2))
"""


def test_results_come_in_order():
    assert list(each(abs, [-3, 2, -1], 2)) == list(each(abs, [-3, 2, -1], 1)) == [3, 2, 1]


def deadly(task):
    """Works, but for one task, as where memory is short, and for another the first time."""
    if task == "dies" or (task == "dies once" and not os.path.exists("died")):
        Path("died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_what_others_did_goes_on_when_a_worker_dies(in_folder):
    tasks = ["a", "dies once", "b", "dies", "c", "d"]
    found = list(each(deadly, tasks, 2, lambda task: f"{task} twice"))
    assert found == ["a", "dies once", "b", "dies twice", "c", "d"]
    with pytest.raises(SottoError, match="a worker process died; try again with fewer of them: -j 1"):
        list(each(deadly, ["dies", "a"], 2))


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_first_process(in_folder, number):
    Path("long.py").write_text(LONG)
    process = start([sys.executable, "long.py"], stderr=subprocess.DEVNULL)
    workers = [wait_until(lambda name=name: int(Path(name).read_text())) for name in ("worker-0", "worker-1")]
    process.send_signal(number)
    process.wait(timeout=LIMIT)
    for worker in workers:
        wait_until(lambda worker=worker: not runs(worker))


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2] if os.path.exists("/proc") else True
