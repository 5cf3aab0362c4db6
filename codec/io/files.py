"""Files in and out: named or standard streams, and outputs that appear only when they are complete."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sottovoce.codec.errors import SottoError, error_context, from_os_error
from sottovoce.codec.io.interruption import Endless, InputEnd
from sottovoce.models.files import Unfinished, create, replace

STANDARD = "-"
"""The name of standard input and output."""


def shown(name: str) -> str:
    """Return the name of an input for messages."""
    return "standard input" if name == STANDARD else name


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """Open an input; errors inside that name no file get its name."""
    with error_context(shown(name)):
        if name == STANDARD:
            if sys.stdin is None:
                raise SottoError("is closed", "give a file")
            yield sys.stdin.buffer
            return
        with open(name, "rb") as file:
            yield file


@contextmanager
def seekable(file: BinaryIO, start: bytes = b"", ends: InputEnd | None = None) -> Iterator[BinaryIO]:
    """Give a file that can be read twice: itself, or a temporary copy of a pipe.

    Parameters
    ----------
    file : file-like
    start : bytes
        What was already read of a pipe.
    ends : InputEnd, optional
        What ends the input of a pipe when a signal comes. By default a signal ends the work.
    """
    if file.seekable():
        yield file
        return
    ends = ends or Endless()
    with tempfile.TemporaryFile() as copy:
        try:
            copy.write(start)
            with ends.watching():
                while piece := ends.read(file, 1 << 20):
                    copy.write(piece)
            copy.seek(0)
        except OSError as error:
            raise from_os_error(error, f"temporary folder {tempfile.gettempdir()}") from error
        yield copy


@contextmanager
def writing(name: str, *, force: bool = False, keep: bool = False) -> Iterator[BinaryIO]:
    """Open an output that appears under its name when all went well.

    Pipes and devices are written to directly. Errors of the operating system inside get the name of this output.

    Parameters
    ----------
    name : str
        Path, or ``-`` for standard output.
    force : bool
        Whether a file of that name is replaced. Otherwise none is, even if it is made while this one is written.
    keep : bool
        Whether what was written is kept when something goes wrong inside, as recordings are: then the output has its
        name from the start (with `force`, from the end), and every write reaches the file at once.
    """
    if name == STANDARD:
        with _blaming("standard output"):
            yield _standard_output()
        return
    target = Path(os.path.realpath(name))
    with _blaming(name):
        if target.is_dir():
            raise SottoError("is a folder", "give a file", name)
        exists = os.path.lexists(target)
        if exists and not stat.S_ISREG(target.stat().st_mode):
            with open(target, "wb") as file:
                yield file
            return
        if exists and not force:
            raise _exists(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with create(target) if keep and not exists else replace(target, force=force, keep=keep) as file:
                yield file
        except Unfinished as error:
            raise _exists(name) from error


def check_distinct(sources: Iterable[str], output: str) -> None:
    """Raise SottoError when an output is one of the inputs, by whatever name."""
    for source in sources:
        with suppress(OSError):
            if STANDARD not in (source, output) and os.path.samefile(source, output):
                raise SottoError("is an input and would be overwritten", "choose another output with -o", output)


def _exists(name: str) -> SottoError:
    return SottoError("exists already", "choose another output, or -f to overwrite", name)


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise from_os_error(error, name) from error


def flows() -> bool:
    """Return whether standard input and output are both pipes or devices, so that somebody may wait at either end."""
    return all(stream is not None and not stream.buffer.seekable() for stream in (sys.stdin, sys.stdout))


def _standard_output() -> BinaryIO:
    if sys.stdout is None:
        raise SottoError("is closed", "give -o FILE", "standard output")
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
        """Write bytes and count them."""
        self._sink.write(data)
        self.bytes += len(data)


class CountingReader:
    """Counts the bytes that are read.

    Parameters
    ----------
    source : file-like
        Anything with ``read``.

    Attributes
    ----------
    count : int
        Bytes so far.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.count = 0

    def read(self, size: int) -> bytes:
        """Read bytes and count them."""
        data = self._source.read(size)
        self.count += len(data)
        return data
