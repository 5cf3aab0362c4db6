"""What codecs cost: processor time, and memory of a process of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from sottovoce.codec.errors import SottoError, error_context

if sys.platform != "win32":
    import resource

BRIEF = 0.2  # seconds, under which a program is watched all the time, and more than once
AGAIN = 3  # times that it is run then
POLL = 0.002  # seconds between looks at others


def processor_seconds() -> float:
    """Return the processor time so far of this process and of the programs that it ran.

    On Windows, which doesn't add up the latter, the time on the clock.
    """
    if sys.platform == "win32":
        return time.perf_counter()
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_memory(command: Sequence[str]) -> int | None:
    """Run a program and return the most memory that it had resident, in bytes; None where that isn't told (Windows).

    Raises
    ------
    SottoError
        When it fails.
    """
    if sys.platform == "win32":
        return None
    start = time.monotonic()
    peaks = [_run(command)]
    if time.monotonic() - start < BRIEF:
        peaks += [_run(command) for _ in range(1, AGAIN)]
    return max(peaks) or None


def _run(command: Sequence[str]) -> int:
    with error_context(command[0]), TemporaryFile() as said:  # and no pipe, in which much to say would get stuck
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        status_file = Path(f"/proc/{process.pid}/status")
        start = time.monotonic()
        pid = seen = 0
        try:
            while not pid:
                seen = max(seen, _high_water(status_file))
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if time.monotonic() - start > BRIEF:
                    time.sleep(POLL)
        finally:
            if not pid:  # Ctrl-C, or a signal that ends this process
                process.kill()
                process.wait()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            what = " ".join(said.read().decode(errors="replace").split())[-200:]
            raise SottoError(f"ended with status {process.returncode} ({what})", f"try {' '.join(command)}")
    # What Linux tells at the end counts the memory of whoever started the process as well, hence the watching.
    return usage.ru_maxrss if sys.platform == "darwin" else seen


def _high_water(status: Path) -> int:
    """Return the most memory so far of a running process in bytes; 0 where that isn't told."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
