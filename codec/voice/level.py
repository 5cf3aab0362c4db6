"""The active speech level and its byte in the file.

Models hear all speech at one level, so that none of the codes go into loudness; the byte gives it back.
"""

import numpy as np
import numpy.typing as npt

from sottovoce.models.activity import find_runs, speech_in
from sottovoce.models.level import TARGET_DB, active_level
from sottovoce.models.runtime.state import Stateful

SILENCE = -80.0
"""dBov below which sound that is not speech keeps its level."""

_LOWEST, _STEP = -127.5, 0.5  # dB of byte 0 and of each further one


def measure_level_byte(wave: npt.NDArray[np.float32]) -> int:
    """Measure the active level of the speech in a 16 kHz recording, full scale 1.

    Where there is no speech, the level is that of all sound, or the models' own for silence.

    Returns
    -------
    int
        The level as a byte: 0 to 255 for -127.5 dBov and half a decibel more for each one.

    Examples
    --------
    >>> import numpy as np
    >>> tone = 0.1 * np.sqrt(2) * np.sin(np.arange(16000) * 0.3)
    >>> round(byte_to_level(measure_level_byte(tone.astype(np.float32))))
    -20
    """
    spoken = speech_in(wave, find_runs(wave))
    return level_to_byte(speech_level(spoken) if len(spoken) else level_of_all(wave))


def speech_level(spoken: npt.NDArray[np.float32]) -> float:
    """Return the active level of speech without pauses (n,), in dBov, however soft it is."""
    peak = float(np.abs(spoken).max())
    return active_level(spoken / peak) + 20 * float(np.log10(peak))


def level_of_all(wave: npt.NDArray[np.float32]) -> float:
    """Return the active level of a recording without speech (n,), in dBov: the models' own for silence."""
    level = active_level(wave)
    return TARGET_DB if level < SILENCE else level


def level_to_byte(level: float) -> int:
    """Return the byte that tells a level (dBov)."""
    return int(np.clip(round((level - _LOWEST) / _STEP), 0, 255))


def byte_to_level(byte: int) -> float:
    """Return the level (dBov) that a byte tells."""
    return _LOWEST + _STEP * byte


def normalising_gain(byte: int) -> np.float32:
    """Return the factor that brings speech of that level to the one that the models expect."""
    return np.float32(10 ** ((TARGET_DB - byte_to_level(byte)) / 20))


_RESTORING = [round(2**24 * 10 ** ((byte_to_level(byte) - TARGET_DB) / 20)) for byte in range(256)]


def restore_level(wave: npt.NDArray[np.int16], byte: int) -> npt.NDArray[np.int16]:
    """Bring decoded samples back to the level of the recording, limited to 16 bits.

    In integers, so that the same file gives the same samples on every machine.
    """
    scaled = (wave.astype(np.int64) * _RESTORING[byte] + (1 << 23)) >> 24
    return np.clip(scaled, -32768, 32767).astype(np.int16)


class LevelRestorer(Stateful):
    """Brings decoded samples back to a level that may change on the way: see `restore_level`.

    Parameters
    ----------
    byte : int
        The level at the start.
    """

    STATE_FIELDS = ("_byte", "_position", "_changes")

    def __init__(self, byte: int) -> None:
        self._byte = byte
        self._position = 0
        self._changes: npt.NDArray[np.int64] = np.zeros((0, 2), np.int64)

    def change(self, sample: int, byte: int) -> None:
        """Have another level from a sample on, counted from the start; no earlier than any told before."""
        self._changes = np.concatenate((self._changes, [[sample, byte]]))

    def __call__(self, wave: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Take the next samples and return them at their level."""
        pieces = []
        while len(self._changes) and self._changes[0, 0] < self._position + len(wave):
            before, wave = np.split(wave, [max(0, self._changes[0, 0] - self._position)])
            pieces.append(restore_level(before, self._byte))
            self._position += len(before)
            self._byte, self._changes = int(self._changes[0, 1]), self._changes[1:]
        self._position += len(wave)
        return np.concatenate([*pieces, restore_level(wave, self._byte)])
