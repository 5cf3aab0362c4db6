"""WAV from a pipe while it is being recorded."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from sottovoce.codec.io.interruption import InputEnd
from sottovoce.models.audio.resampling import Resampler
from sottovoce.models.audio.running_mix import RunningMix
from sottovoce.models.audio.streams import reading_sound
from sottovoce.models.audio.wav import MAGIC_BYTES, UNKNOWN, read_header

BLOCK_SECONDS = 0.02
"""Seconds that are read at once: no sample waits longer."""

_LONG = 0x7FFF_FF00  # bytes of samples where their number is unknown
_PIECE = 1 << 16


class PipedWav:
    """A recording that goes on while it is read, as mono blocks.

    Parameters
    ----------
    sound : SoundFile
    sample_rate : int
        Hz of the blocks.
    samples : int or None
        Length that the header gives.

    Attributes
    ----------
    rate, channels : int
        Those of the WAV.
    warnings : list of str
        What is missing, after the last block.
    """

    def __init__(self, sound: soundfile.SoundFile, sample_rate: int, samples: int | None) -> None:
        self._sound = sound
        self._samples = samples
        self.rate, self.channels = sound.samplerate, sound.channels
        self.warnings: list[str] = []
        self._resampler = Resampler(self.rate, sample_rate)

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        size = max(1, round(BLOCK_SECONDS * self.rate))
        count, mix = 0, RunningMix(self.rate, self.channels)
        while len(block := self._sound.read(size, dtype="float32", always_2d=True)):
            count += len(block)
            yield self._resampler.push(mix(block))
        yield self._resampler.finish()
        self.warnings += mix.warnings
        if self._samples and count < self._samples:
            missing, total = (self._samples - count) / self.rate, self._samples / self.rate
            self.warnings.append(f"it was cut off: {missing:.2f} of {total:.2f} s are missing")


@contextmanager
def piped_wav(file: BinaryIO, start: bytes, sample_rate: int, ends: InputEnd | None = None) -> Iterator[PipedWav]:
    """Read a WAV from a pipe, to its end where the header gives no length.

    What follows the samples is read too, so that the program that writes it ends as it would with a file.

    Parameters
    ----------
    file : file-like
        Where it comes from.
    start : bytes
        What was already read of it, at least 12 bytes.
    sample_rate : int
        Hz of the blocks.
    ends : InputEnd, optional
        What can end the input early.

    Raises
    ------
    SottoError
        When it cannot be read.
    """
    # libsndfile reads pipes of the operating system and nothing else that cannot seek; through one of our own its
    # header can be repaired on the way.
    ours, theirs = os.pipe()
    source = _Source(file, start, ends or InputEnd())
    pump = threading.Thread(target=source.pump, args=(theirs,), daemon=True)
    pump.start()
    with (
        closing(os.fdopen(ours, "rb", buffering=0)),
        reading_sound(),
        soundfile.SoundFile(ours, closefd=False) as sound,
    ):
        yield PipedWav(sound, sample_rate, source.samples)
    pump.join()


class _Source:
    """The pipe that a WAV comes from."""

    def __init__(self, file: BinaryIO, start: bytes, ends: InputEnd) -> None:
        self._file, self._start, self._ends = file, start, ends
        self.samples: int | None = None

    def pump(self, descriptor: int) -> None:
        """Copy it to a pipe, with a length in its header."""
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as pipe:
                pipe.write(self._head())
                while piece := self._some():
                    pipe.write(piece)
        except OSError:  # the samples are over
            while self._some():
                pass

    def _head(self) -> bytes:
        header = read_header(self._at, 0, sys.maxsize)
        if header is None:
            return self._start
        unknown = header.size == UNKNOWN or header.size > _LONG
        self.samples = None if unknown else header.size // header.block
        return header.rebuilt(_LONG if unknown else header.size) + self._start[header.begin :]

    def _at(self, offset: int, count: int) -> bytes:
        while len(self._start) < offset + count and (piece := self._some()):
            self._start += piece
        return self._start[offset : offset + count]

    def _some(self) -> bytes:
        return self._ends.read(self._file, _PIECE)


def first_bytes(file: BinaryIO, ends: InputEnd | None = None) -> bytes:
    """Read as much as is needed to recognise a WAV."""
    start = b""
    while len(start) < MAGIC_BYTES and (piece := (ends or InputEnd()).read(file, _PIECE)):
        start += piece
    return start
