"""Another sample rate, piece by piece."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from sottovoce.models.errors import SottoError

LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000
"""Hz between which a sample rate is believed."""


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
    """Return the number of samples at `target` Hz for `samples` at `source` Hz: at least one, if there are any."""
    return max(min(samples, 1), (2 * samples * target + source) // (2 * source))
