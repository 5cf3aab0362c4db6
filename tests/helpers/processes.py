"""Processes that tests start, and events that tests wait for, however busy the machine is."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LIMIT = 300.0
"""Seconds after which a test gives up. It only ends tests that would hang: benchmarks measure speed, tests don't."""


def start(command: tuple[str, ...] | list[str], **options) -> subprocess.Popen:
    """Start a process that Ctrl-C interrupts: a shell's background jobs ignore it, and children inherit that."""
    if sys.platform != "win32":
        options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, **options)


def wait_until(condition: Callable[[], Found]) -> Found:
    """Wait for a condition and return its value; while it raises OSError or ValueError, it isn't met yet.

    Raises
    ------
    TimeoutError
        After `LIMIT` seconds.
    """
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except (OSError, ValueError):
            pass
        time.sleep(0.02)
    raise TimeoutError
