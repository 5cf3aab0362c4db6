"""Waves as everything here compares them: mono, 16 kHz, rounded to 16 bits, and as FLAC where they are kept."""

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.evaluation.peers.base import RATE, Wave, integers
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.io.files import writing


def read(path: Path) -> Wave:
    """Read any recording, mixed to mono and resampled as `sotto encode` does it, and rounded to 16 bits.

    Rounded, so that what is compared is exactly what can be written and listened to.

    Raises
    ------
    SottoError
        When it can't be read.
    """
    with open_sound(str(path), RATE) as sound:
        return rounded(np.concatenate(list(sound)))


def rounded(wave: NDArray[np.float32]) -> Wave:
    """Return a wave as 16 bits would keep it; what is over full scale is clipped."""
    return integers(wave).astype(np.float32) / np.float32(32768)


def read_flac(path: Path) -> Wave:
    """Read what `write_flac` wrote.

    Raises
    ------
    SottoError
        When it can't be read.
    """
    with error_context(str(path)):
        data = path.read_bytes()
        try:
            return soundfile.read(io.BytesIO(data), dtype="float32")[0]
        except soundfile.LibsndfileError as error:
            raise SottoError(f"is damaged ({error.error_string})", "remove it, and it is made again") from error


def kept_flac(path: Path) -> Wave | None:
    """Read what `write_flac` wrote, or return None where it isn't there or is damaged."""
    try:
        return read_flac(path)
    except SottoError:
        return None


def write_flac(path: Path, wave: Wave) -> None:
    """Write a rounded wave, whole or not at all."""
    data = io.BytesIO()
    soundfile.write(data, integers(wave), RATE, format="FLAC", subtype="PCM_16")
    with writing(str(path), force=True) as file:
        file.write(data.getvalue())
