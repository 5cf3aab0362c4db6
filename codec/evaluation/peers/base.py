"""What every codec in the comparison has in common, and codecs that are programs."""

import hashlib
import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError, from_os_error

RATE = 16000
"""Hz of what is compared."""

Wave = NDArray[np.float32]
"""Mono samples [samples] at `RATE`, full scale 1."""


class MissingProgram(Exception):
    """Something isn't installed; its text is the command that installs it."""


class Peer(Protocol):
    """A codec: recordings to bytes and back, with nothing kept between the two.

    Attributes
    ----------
    name : str
        What the command line calls it, such as "codec2:3200".
    title : str
        What people call it.
    family : str
        What it belongs to: "sottovoce", "codec2", "opus", "speex", "lc3", "anchor", or another name.
    bit_rate : float or None
        Bits per second of its codes, without a container: the nominal rate or, for Opus, whose rate varies, the target
        rate. None where nothing is coded, or where it is not known.
    identity : str
        Where this is the same, so are the results: version and behaviour of the programs, or model and preset.
    """

    @property
    def name(self) -> str:
        """Name on the command line."""

    @property
    def title(self) -> str:
        """Name in the report."""

    @property
    def family(self) -> str:
        """Family of the codec."""

    @property
    def bit_rate(self) -> float | None:
        """Bits of its codes per second."""

    @property
    def identity(self) -> str:
        """Version and behaviour, on which its results depend."""

    def encode(self, wave: Wave) -> bytes:
        """Return a recording as everything that has to be stored of it."""

    def decode(self, data: bytes) -> Wave:
        """Return what was stored as a recording."""

    def commands(self) -> tuple[list[str], list[str]] | None:
        """Return the programs that encode and decode a file, to see what memory they take.

        Returns
        -------
        pair of list of str, or None
            Words of each command. ``{input}`` and ``{output}`` in them stand for names of files: the encoder reads a
            16-bit mono WAV at `RATE`, and the decoder what the encoder wrote. None where there is no program.
        """


@runtime_checkable
class LossyPeer(Protocol):
    """A codec that can be decoded with lost packets."""

    def decode_lossy(self, data: bytes, lost: NDArray[np.bool_]) -> Wave:
        """Decode what arrives of an encoded recording, and conceal what does not.

        Parameters
        ----------
        data : bytes
            The encoded recording.
        lost : ndarray of bool [shape=(packets,)]
            Intervals of 40 ms that are lost.
        """


class Programs:
    """A codec of two programs that read and write files.

    Parameters
    ----------
    encoder, decoder : sequence of str
        The commands, as `Peer.commands` returns them.
    install : str
        The command that installs both.
    version : sequence of str
        The command whose first line tells the version, where there is one.

    Raises
    ------
    MissingProgram
        When one of them isn't installed.
    """

    def __init__(
        self, encoder: Sequence[str], decoder: Sequence[str], install: str, version: Sequence[str] = ()
    ) -> None:
        if not all(shutil.which(program) for program in (encoder[0], decoder[0])):
            raise MissingProgram(install)
        self._encoder, self._decoder, self._version = list(encoder), list(decoder), list(version)

    def commands(self) -> tuple[list[str], list[str]]:
        """Return the commands, see `Peer.commands`."""
        return self._encoder, self._decoder

    def encode(self, wave: Wave) -> bytes:
        """Return a recording as the file that the encoder writes of its WAV."""
        return converted(self._encoder, wav_bytes(wave))

    def decode(self, data: bytes) -> Wave:
        """Return the WAV that the decoder writes as a recording."""
        return wav_samples(converted(self._decoder, data))

    @cached_property
    def identity(self) -> str:
        """Version, as far as the programs tell it, and a hash of what they make of noise: libraries change too."""
        programs = f"{self._encoder[0]} {behaviour(self)}"
        return f"{_first_line(self._version)}, {programs}" if self._version else programs


def behaviour(codec: "Peer | Programs") -> str:
    """Return a hash of what a codec makes of noise."""
    return hashlib.sha256(codec.decode(codec.encode(probe())).tobytes()).hexdigest()[:16]


def probe() -> Wave:
    """Return a second of noise, always the same, to try codecs on."""
    return np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)


# ---------------------------------------------------------------- samples
def integers(wave: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return floats [samples] of full scale 1 as 16-bit integers, clipped."""
    return np.clip(np.round(wave * np.float32(32768)), -32768, 32767).astype("<i2")


def floats(samples: bytes) -> NDArray[np.float32]:
    """Return the bytes of 16-bit integers, low byte first, as floats [samples] of full scale 1."""
    return np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32768)


def wav_bytes(wave: Wave) -> bytes:
    """Return a recording as a 16-bit WAV."""
    file = io.BytesIO()
    soundfile.write(file, integers(wave), RATE, subtype="PCM_16", format="WAV")
    return file.getvalue()


def wav_samples(data: bytes) -> Wave:
    """Return the samples of a mono WAV."""
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


def any_wav_samples(data: bytes) -> Wave:
    """Return the samples of a sound file of any rate and number of channels at `RATE`, mixed to mono.

    Raises
    ------
    SottoError
        When it is not a sound file.
    """
    try:
        wave, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise SottoError(f"the decoder wrote no sound ({error.error_string})", "have it write a WAV") from error
    return soxr.resample(wave.mean(1, dtype=np.float32), rate, RATE, "VHQ")


# ---------------------------------------------------------------- running
def converted(command: Sequence[str], data: bytes, source_name: str = "in", goal_name: str = "out") -> bytes:
    """Run a program on a file with these contents and return those of the file that it writes.

    Parameters
    ----------
    command : sequence of str
        Its words, in which ``{input}`` and ``{output}`` stand for the paths of the files.
    data : bytes
        Contents of the first.
    source_name, goal_name : str
        Names of the files, whose suffixes some programs look at.

    Raises
    ------
    SottoError
        When it can't be started, fails, or writes nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, goal = Path(folder, source_name), Path(folder, goal_name)
        source.write_bytes(data)
        _run(with_paths(command, source, goal))
        if not goal.exists():
            raise SottoError(f"{command[0]} wrote nothing", "see what it does by hand")
        return goal.read_bytes()


def with_paths(command: Sequence[str], source: Path, goal: Path) -> list[str]:
    """Return a command with the paths of its files in place of ``{input}`` and ``{output}``."""
    return [word.replace("{input}", str(source)).replace("{output}", str(goal)) for word in command]


def _run(command: list[str]) -> "subprocess.CompletedProcess[bytes]":
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        raise from_os_error(error, command[0]) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines()
        why = next((line.strip() for line in reversed(said) if line.strip()), f"status {done.returncode}")
        raise SottoError(f"{command[0]} failed ({why})", "see what it does by hand, or install it again")
    return done


def _first_line(command: list[str]) -> str:
    done = _run(command)
    return (done.stdout or done.stderr).decode(errors="replace").strip().partition("\n")[0]
