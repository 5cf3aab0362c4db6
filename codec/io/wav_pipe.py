"""WAV from a pipe while it is being recorded."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from sottovoce.codec.io.audio import Resampler, mono, reading_sound

BLOCK_SECONDS = 0.02
"""What is read at a time: no more than this waits."""

_MAGIC = 12  # bytes by which a WAV is known
_HEAD = 4096  # bytes in which its samples must begin
_UNKNOWN = (0, 0xFFFF_FFFF)  # lengths that writers give who don't know better
_LONG = 0x7FFF_FF00


class PipedWav:
    """A recording that goes on while it is read, as mono blocks.

    Parameters
    ----------
    sound : SoundFile
    sample_rate : int
        Hz that the blocks shall have.

    Attributes
    ----------
    rate, channels : int
        Those of the WAV.
    """

    def __init__(self, sound: soundfile.SoundFile, sample_rate: int) -> None:
        self._sound = sound
        self.rate, self.channels = sound.samplerate, sound.channels
        self._resampler = Resampler(self.rate, sample_rate)

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        size = max(1, round(BLOCK_SECONDS * self.rate))
        while len(block := self._sound.read(size, dtype="float32", always_2d=True)):
            yield self._resampler.push(mono(block))
        yield self._resampler.finish()


def is_wav(start: bytes) -> bool:
    """Return whether bytes are the start of a WAV."""
    return start[:4] == b"RIFF" and start[8:_MAGIC] == b"WAVE"


@contextmanager
def piped_wav(file: BinaryIO, start: bytes, sample_rate: int) -> Iterator[PipedWav]:
    """Read a WAV from a pipe; whatever length it claims, where that is none, it goes on to the end.

    Parameters
    ----------
    file : file-like
        Where it comes from.
    start : bytes
        What was already read of it, at least 12 bytes.
    sample_rate : int
        Hz that the blocks shall have.

    Raises
    ------
    SottoError
        When it is none that can be read.
    """
    # libsndfile reads pipes of the operating system and nothing else that can't seek; through one of our own its
    # header can be mended on the way.
    ours, theirs = os.pipe()
    threading.Thread(target=_pump, args=(file, start, theirs), daemon=True).start()
    with (
        closing(os.fdopen(ours, "rb", buffering=0)),
        reading_sound(),
        soundfile.SoundFile(ours, closefd=False) as sound,
    ):
        yield PipedWav(sound, sample_rate)


def _pump(file: BinaryIO, start: bytes, descriptor: int) -> None:
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as pipe:
            pipe.write(_mended(file, start))
            while piece := _some(file):
                pipe.write(piece)
    except OSError:
        pass  # nobody reads any more


def _mended(file: BinaryIO, start: bytes) -> bytes:
    """Return the header, with a length."""
    while (at := start.find(b"data")) < 0 or len(start) < at + 8:
        piece = _some(file)
        if not piece or len(start) > _HEAD:
            return start + piece
        start += piece
    if int.from_bytes(start[at + 4 : at + 8], "little") in _UNKNOWN:
        start = start[: at + 4] + _LONG.to_bytes(4, "little") + start[at + 8 :]
    return start


def _some(file: BinaryIO) -> bytes:
    return os.read(file.fileno(), 1 << 16)


def first_bytes(file: BinaryIO) -> bytes:
    """Read so much that a WAV can be known by it."""
    start = b""
    while len(start) < _MAGIC and (piece := _some(file)):
        start += piece
    return start
