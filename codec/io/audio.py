"""Recordings in, 16-bit WAV out."""

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from sottovoce.codec.io.files import reading, seekable
from sottovoce.codec.io.interruption import InputEnd
from sottovoce.models.audio.reader import AudioReader
from sottovoce.models.audio.riff_info import info_chunk


@contextmanager
def open_sound(name: str, sample_rate: int, ends: InputEnd | None = None) -> Iterator[AudioReader]:
    """Open a file, or standard input by the name ``-``, which signals that `ends` watches can end."""
    with reading(name) as file, open_file(file, sample_rate, ends=ends) as sound:
        yield sound


@contextmanager
def open_file(
    file: BinaryIO, sample_rate: int, start: bytes = b"", ends: InputEnd | None = None
) -> Iterator[AudioReader]:
    """Open a recording; `start` was already read of a pipe."""
    with seekable(file, start, ends) as whole:
        yield AudioReader(whole, sample_rate)


class WavWriter:
    """Writes 16-bit mono WAV. In a pipe, the length in its header is the one that was known before.

    As a context manager it is closed at the end, after an error only if samples were written.

    Parameters
    ----------
    file : file-like
        Binary; it stays open.
    sample_rate : int
        Hz.
    samples : int or None
        Length, as far as it is known.
    tags : mapping of str to sequence of str, optional
        Tags, of which those that WAV has a field for are written after the samples, except in a pipe.
    """

    def __init__(
        self,
        file: BinaryIO,
        sample_rate: int,
        samples: int | None,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._file = file
        self._tags = info_chunk(tags or {}) if file.seekable() else b""
        self._sample_rate = sample_rate
        self._promised = samples
        self._written = 0
        self._begun = False

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Add samples."""
        self._begin()
        self._file.write(wave.astype("<i2").tobytes())
        if not self._file.seekable():
            self._file.flush()  # whoever reads the pipe gets it now
        self._written += len(wave)

    def close(self) -> None:
        """Correct the header and add the tags, where that is possible."""
        self._begin()
        if (self._tags or self._written != self._promised) and self._file.seekable():
            self._file.seek(0)
            header = wav_header(self._written, self._sample_rate, len(self._tags))
            self._file.write(header)
            if self._file.seek(0, os.SEEK_END) > (end := len(header) + 2 * self._written):
                self._file.truncate(end)  # samples of which only a part could be written, as the disk was full
            if self._tags:
                self._file.seek(end)
                self._file.write(self._tags)
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or self._written:
            self.close()

    def _begin(self) -> None:
        if not self._begun:  # not earlier: the first block may prove to be missing
            self._file.write(wav_header(self._promised, self._sample_rate))
            self._begun = True


def wav_header(samples: int | None, sample_rate: int, after: int = 0) -> bytes:
    """Return the 44 bytes before the samples; a length that is unknown or too large is the largest possible.

    There are `after` bytes behind the samples.
    """
    largest = 0xFFFF_FFFF
    size = largest if samples is None else min(2 * samples, largest)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", min(size + 36 + after, largest), b"WAVE"),
        *(b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16),
        *(b"data", size),
    )
