"""Signals end the input, not the work: what came until then is encoded and kept."""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO

GRACE = 2.0
"""Seconds after a signal in which a recorder that got the same signal may write its rest and end."""

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name) and os.name == "posix"
)


class InputEnd:
    """What can end an input early: a signal, and then the end of the grace period.

    Attributes
    ----------
    signal : int
        Number of the signal that came, or 0.
    """

    def __init__(self) -> None:
        self.signal = self._signals = 0
        self._deadline = 0.0
        self._wake: tuple[int, int] | None = None

    def read(self, file: BinaryIO, count: int) -> bytes:
        """Return up to `count` bytes as soon as there are any; none at the end of the input."""
        descriptor = _descriptor(file)
        if descriptor is None:
            return file.read(count)
        while self._wake is not None:
            left = self._deadline - time.monotonic() if self.signal else None
            if left is not None and left <= 0:
                return b""
            watched = [descriptor] if self.signal else [descriptor, self._wake[0]]
            ready, _, _ = select.select(watched, [], [], left)
            if self._wake[0] in ready:
                self.signal, self._deadline = os.read(self._wake[0], 1)[0], time.monotonic() + GRACE
            elif ready:
                break
        return os.read(descriptor, count)

    @contextmanager
    def watching(self) -> Iterator["InputEnd"]:
        """Let signals end the input inside; a second one has its ordinary effect. Only in the main thread."""
        if self._wake or threading.current_thread() is not threading.main_thread() or not SIGNALS:
            yield self
            return
        before = {number: signal.getsignal(number) for number in SIGNALS}
        self._wake = wake = os.pipe()
        os.set_blocking(wake[1], False)
        # Python's own handlers wait until the main thread returns from libsndfile; this wakes the reader at once.
        wakeup = signal.set_wakeup_fd(wake[1])
        try:
            for number, handler in before.items():
                if handler != signal.SIG_IGN:
                    signal.signal(number, self._end)
            yield self
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._wake = None
            for one in wake:
                os.close(one)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            sys.exit(128 + number) if number != signal.SIGINT else signal.default_int_handler(number, frame)


class Endless(InputEnd):
    """An input that no signal ends: signals have their ordinary effect."""

    def read(self, file: BinaryIO, count: int) -> bytes:
        """Return up to `count` bytes, also those that the file has in its buffer."""
        return file.read(count)

    @contextmanager
    def watching(self) -> Iterator[InputEnd]:
        """Leave signals as they are."""
        yield self


def _descriptor(file: BinaryIO) -> int | None:
    """Return the descriptor of a file of the operating system."""
    try:
        return file.fileno()
    except (OSError, AttributeError):
        return None
