"""Recordings in, 16-bit WAV out."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.io.files import reading, seekable
from sottovoce.models.audio.reader import AudioReader

@contextmanager
def open_sound(name: str, sample_rate: int) -> Iterator[AudioReader]:
    """Open a file, or standard input by the name ``-``."""
    with reading(name) as file, open_file(file, sample_rate) as sound:
        yield sound


@contextmanager
def open_file(file: BinaryIO, sample_rate: int, start: bytes = b"") -> Iterator[AudioReader]:
    """Open what can be read from a file; `start` was already read of a pipe."""
    with seekable(file, start) as whole:
        yield AudioReader(whole, sample_rate)


class WavWriter:
    """Writes 16-bit mono WAV, also to a pipe, where the length in its header is only as good as it was known.

    Parameters
    ----------
    file : file-like
        Binary; it stays open.
    sample_rate : int
        Hz.
    samples : int or None
        Length, as far as it is known.
    """

    def __init__(self, file: BinaryIO, sample_rate: int, samples: int | None) -> None:
        self._file = file
        self._sample_rate = sample_rate
        self._promised = samples
        self._written = 0
        self._begun = False

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Add samples."""
        self._begin()
        self._file.write(wave.astype("<i2").tobytes())
        if not self._file.seekable():
            self._file.flush()  # whoever listens at the pipe hears it now
        self._written += len(wave)

    def close(self) -> None:
        """Set the header right where that is possible."""
        self._begin()
        if self._written != self._promised and self._file.seekable():
            self._file.seek(0)
            self._file.write(wav_header(self._written, self._sample_rate))
        self._file.flush()

    def _begin(self) -> None:
        if not self._begun:  # not before there is something to say: the first block may prove to be missing
            self._file.write(wav_header(self._promised, self._sample_rate))
            self._begun = True


def wav_header(samples: int | None, sample_rate: int) -> bytes:
    """Return the 44 bytes before the samples; a length that is unknown or too large is the largest possible."""
    largest = 0xFFFF_FFFF
    size = largest if samples is None else min(2 * samples, largest)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", min(size + 36, largest), b"WAVE"),
        *(b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16),
        *(b"data", size),
    )
