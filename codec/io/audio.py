"""Sound in and out: whatever soundfile reads, as mono blocks at the model's rate; 16-bit WAV out."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import reading, seekable

SOUND = frozenset(
    {".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".nist", ".oga", ".ogg", ".opus"}
    | {".rf64", ".snd", ".sph", ".voc", ".w64", ".wav", ".wave", ".wavex"}
)
"""Suffixes of what is taken for a recording in a folder. A file that is named itself may have any."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000
"""Hz between which a sample rate is believed."""

LOUDEST = 16.0
"""Samples of magnitude over 1 are clipped; over this they aren't scaled to full scale at all."""

_BLOCK = 1 << 18  # samples that are read at once, all channels together


class Resampler:
    """Brings pieces of a wave to another rate; in total ``round(samples * target / source)`` come out, at least one.

    Parameters
    ----------
    source, target : int
        Sample rates in Hz.
    """

    def __init__(self, source: int, target: int) -> None:
        if not LOWEST_RATE <= source <= HIGHEST_RATE:
            raise SottoError(f"a sample rate of {source} Hz", "convert it to an ordinary one, such as 16000 Hz")
        self._source = source
        self._target = target
        self._stream = None if source == target else soxr.ResampleStream(source, target, 1, dtype="float32")
        self._taken = self._given = 0

    def push(self, wave: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Take a piece and return what is ready."""
        self._taken += len(wave)
        ready = wave if self._stream is None else self._stream.resample_chunk(wave)
        self._given += len(ready)
        return ready

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the rest."""
        due = resampled_length(self._taken, self._source, self._target) - self._given
        rest = np.zeros(max(0, due), np.float32)
        if self._stream is not None:
            last = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)[:due]
            rest[: len(last)] = last
        return rest


def resampled_length(samples: int, source: int, target: int) -> int:
    """Return how many samples at `target` Hz become of `samples` at `source` Hz: at least one of any."""
    return max(min(samples, 1), (2 * samples * target + source) // (2 * source))


def mono(wave: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Mix [samples] or [samples, channels] to float32 [samples] of full scale 1, integers scaled by their range.

    Raises
    ------
    SottoError
        When samples aren't finite or are far beyond full scale.
    """
    array = np.asarray(wave)
    if array.dtype.kind == "i":
        array = array / -float(np.iinfo(array.dtype).min)
    elif array.dtype.kind != "f":
        raise SottoError(f"samples of type {array.dtype}", "give floats or signed integers")
    if array.ndim == 2:
        array = array.mean(axis=1)
    if array.ndim != 1:
        raise SottoError(f"samples of shape {array.shape}", "give [samples] or [samples, channels]")
    if not np.isfinite(array).all():
        raise SottoError("some samples are not numbers or infinite", "repair the recording")
    if len(array) and np.abs(array).max() > LOUDEST:
        raise SottoError(f"samples reach {np.abs(array).max():.6g}, full scale is 1", "scale them to between -1 and 1")
    return np.clip(array, -1, 1).astype(np.float32)


class Sound:
    """A recording that is read in blocks.

    Parameters
    ----------
    file : file-like
        Open for reading by the operating system, seekable.
    sample_rate : int
        Hz that the blocks shall have.

    Attributes
    ----------
    rate, channels : int
        Those of the file.
    samples : int
        Length at `sample_rate`. Counted, as headers lie: pipes don't know and files are cut off.

    Raises
    ------
    SottoError
        When it isn't sound, is empty, or has samples that aren't numbers.
    """

    def __init__(self, file: BinaryIO, sample_rate: int) -> None:
        self._file = file
        self._sample_rate = sample_rate
        with _opened(file) as sound:
            self.rate, self.channels = sound.samplerate, sound.channels
            frames = sum(map(len, _mixed(sound)))
        if not frames:
            raise SottoError("there are no samples in it", "give a recording")
        Resampler(self.rate, sample_rate)  # refuses odd rates
        self.samples = resampled_length(frames, self.rate, sample_rate)

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        resampler = Resampler(self.rate, self._sample_rate)
        with _opened(self._file) as sound:
            for block in _mixed(sound):
                yield resampler.push(block)
        yield resampler.finish()


@contextmanager
def open_sound(name: str, sample_rate: int) -> Iterator[Sound]:
    """Open a file, or standard input by the name ``-``."""
    with reading(name) as file, open_file(file, sample_rate) as sound:
        yield sound


@contextmanager
def open_file(file: BinaryIO, sample_rate: int, start: bytes = b"") -> Iterator[Sound]:
    """Open what can be read from a file; `start` was already read of a pipe."""
    with seekable(file, start) as whole:
        if whole is not file:
            _mend(whole)
        yield Sound(whole, sample_rate)


def _mend(copy: BinaryIO) -> None:
    """Let a WAV from a pipe that claims no samples, as its writer couldn't know, claim the most: libsndfile counts."""
    start = copy.read(4096)
    at = start.find(b"data" + bytes(4))
    if start.startswith(b"RIFF") and at > 0:
        copy.seek(at + 4)
        copy.write(b"\xff" * 4)
        copy.flush()


@contextmanager
def _opened(file: BinaryIO) -> Iterator[soundfile.SoundFile]:
    # By its descriptor and not by name: the contents tell the format, whatever the suffix says.
    if not os.lseek(file.fileno(), 0, os.SEEK_END):
        raise SottoError("the file is empty", "give a recording")
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with reading_sound(), soundfile.SoundFile(file.fileno(), closefd=False) as sound:
        yield sound


@contextmanager
def reading_sound() -> Iterator[None]:
    """Say in our words what libsndfile can't read inside."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        reason = f"no sound that can be read ({error.error_string.strip().rstrip('.')})"
        raise SottoError(reason, "give a recording such as WAV, FLAC, Ogg or MP3") from error


def _mixed(sound: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    size = max(1, _BLOCK // sound.channels)
    while len(block := sound.read(size, dtype="float32", always_2d=True)):
        yield mono(block)


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
