"""Files in and out: named or standard streams, and outputs that appear only when they are whole."""

import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sottovoce.codec.errors import SottoError, concerning, explained

STANDARD = "-"
"""The name of standard input and output."""


def shown(name: str) -> str:
    """Return how messages call an input."""
    return "standard input" if name == STANDARD else name


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """Open an input; whatever goes wrong with it inside names it."""
    with concerning(shown(name)):
        if name == STANDARD:
            yield sys.stdin.buffer
            return
        with open(name, "rb") as file:
            yield file


@contextmanager
def seekable(file: BinaryIO, start: bytes = b"") -> Iterator[BinaryIO]:
    """Give a file that can be read twice: itself, or a temporary copy of a pipe, of which `start` was already read."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        try:
            copy.write(start)
            while piece := file.read(1 << 20):
                copy.write(piece)
            copy.seek(0)
        except OSError as error:
            raise explained(error, f"temporary folder {tempfile.gettempdir()}") from error
        yield copy


@contextmanager
def writing(name: str, *, force: bool = False) -> Iterator[BinaryIO]:
    """Open an output that appears under its name when all went well, and not at all otherwise.

    Pipes and devices are written to directly. What the operating system refuses inside is blamed on this output.
    """
    if name == STANDARD:
        with _blaming("standard output"):
            yield _standard_output()
        return
    goal = Path(os.path.realpath(name))
    with _blaming(name):
        exists = goal.exists()
        if goal.is_dir():
            raise SottoError("is a folder", "give a file", name)
        if exists and not stat.S_ISREG(goal.stat().st_mode):
            with open(goal, "wb") as file:
                yield file
            return
        if exists and not force:
            raise SottoError("exists already", "choose another output, or -f to overwrite", name)
        goal.parent.mkdir(parents=True, exist_ok=True)
        part = goal.with_name(f".{goal.name[:200]}.{secrets.token_hex(4)}.part")
        try:
            with open(part, "xb") as file:
                yield file
            part.replace(goal)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise explained(error, name) from error


def flows() -> bool:
    """Return whether standard input and output are both pipes or devices, so that somebody may wait at either end."""
    return not sys.stdin.buffer.seekable() and not sys.stdout.buffer.seekable()


def _standard_output() -> BinaryIO:
    if sys.stdout.isatty():
        raise SottoError("is a terminal", "give a pipe, or -o FILE", "standard output")
    return sys.stdout.buffer


class ByteCounter:
    """Counts the bytes on their way to a file."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self.bytes = 0
        self.flush = sink.flush

    def write(self, data: bytes) -> None:
        self._sink.write(data)
        self.bytes += len(data)
