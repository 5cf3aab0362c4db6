"""The active speech level and its byte in the file.

Models hear all speech at one level, so that none of the codes go into loudness; the byte gives it back.
"""

import numpy as np
import numpy.typing as npt

from sottovoce.models.level import TARGET_DB, active_level

SILENCE = -80.0
"""dB below which a recording's start holds no speech to measure: it stays as it is, for what may follow."""

_LOWEST, _STEP = -127.5, 0.5  # dB of byte 0 and of each further one


def level_byte(wave: npt.NDArray[np.float32]) -> int:
    """Measure the active level of 16 kHz speech, full scale 1.

    Returns
    -------
    int
        The byte that tells it: 0 to 255 for -127.5 dBov and half a decibel more for each one.

    Examples
    --------
    >>> import numpy as np
    >>> tone = 0.1 * np.sqrt(2) * np.sin(np.arange(16000) * 0.3)
    >>> round(level_of_byte(level_byte(tone.astype(np.float32))))
    -20
    """
    level = active_level(wave)
    if level < SILENCE:
        level = TARGET_DB
    return int(np.clip(round((level - _LOWEST) / _STEP), 0, 255))


def level_of_byte(byte: int) -> float:
    """Return the level (dBov) that a byte tells."""
    return _LOWEST + _STEP * byte


def normalising_gain(byte: int) -> np.float32:
    """Return the factor that brings speech of that level to the one that the models expect."""
    return np.float32(10 ** ((TARGET_DB - level_of_byte(byte)) / 20))


_RESTORING = [round(2**24 * 10 ** ((level_of_byte(byte) - TARGET_DB) / 20)) for byte in range(256)]


def restore_level(wave: npt.NDArray[np.int16], byte: int) -> npt.NDArray[np.int16]:
    """Bring decoded samples back to the level of the recording, limited to 16 bits.

    In integers, so that the same file gives the same samples on every machine.
    """
    scaled = (wave.astype(np.int64) * _RESTORING[byte] + (1 << 23)) >> 24
    return np.clip(scaled, -32768, 32767).astype(np.int16)
