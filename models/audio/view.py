"""Parts of a file, and bytes from elsewhere, as one file."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

Piece = bytes | tuple[int, int]
"""Bytes, or first and last offset (exclusive) of a part of the file."""


class FileView(io.RawIOBase):
    """Pieces of a seekable file and bytes, one after the other, as one file to read.

    Parameters
    ----------
    file : file-like
        Binary and seekable; it stays open.
    pieces : sequence of Piece
    """

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._pieces = [piece for piece in pieces if _length(piece)]
        self._starts = [0]
        for piece in self._pieces:
            self._starts.append(self._starts[-1] + _length(piece))
        self._at = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Change the position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def, override]
        """Fill a buffer as far as there are bytes."""
        filled = 0
        while filled < len(buffer) and self._at < self._starts[-1]:
            index = bisect_right(self._starts, self._at) - 1
            piece, begin = self._pieces[index], self._at - self._starts[index]
            count = min(len(buffer) - filled, _length(piece) - begin)
            if isinstance(piece, bytes):
                data = piece[begin : begin + count]
            else:
                data = read_at(self._file, piece[0] + begin, count)
            if not data:
                break  # the file has become shorter meanwhile
            buffer[filled : filled + len(data)] = data
            filled += len(data)
            self._at += len(data)
        return filled


def read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    """Return up to `count` bytes at an offset of a file, past its buffer: libsndfile moves its descriptor, too."""
    if hasattr(os, "pread"):
        with suppress(OSError, AttributeError):
            return os.pread(file.fileno(), count, offset)
    file.seek(offset)
    return file.read(count)


def size_of(file: BinaryIO) -> int:
    """Return the number of bytes in a seekable file."""
    return file.seek(0, os.SEEK_END)


def find_in(file: BinaryIO, what: Sequence[bytes], start: int, stop: int) -> int:
    """Return the offset of the first of some byte strings between two offsets of a file, or -1."""
    longest = max(map(len, what))
    step = 1 << 20
    for at in range(start, stop, step):
        data = read_at(file, at, min(step + longest - 1, stop - at))
        found = [place for one in what if (place := data.find(one)) >= 0]
        if found:
            return at + min(found)
    return -1


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
