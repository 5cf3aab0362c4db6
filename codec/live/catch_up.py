"""Catching up: samples are left out when too many of them wait.

They do after the device has stopped for a moment, and when its clock is slower than that of the microphone.
"""

import math

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]

WINDOW = 2.0
"""Seconds in which too many samples must have waited all the time."""

SLACK = 0.010
"""Seconds by which the samples that wait may exceed the target."""

SPLICE = 0.005
"""Seconds of the cross-fade at a cut."""


class CatchUp:
    """Leaves out samples where more than `target` of them keep waiting.

    Parameters
    ----------
    target : float
        Number of samples that may wait when the next ones are added.
    rate : int
        Hz.
    """

    def __init__(self, target: float, rate: int) -> None:
        self._target = target
        self._rate = rate
        self._minimum, self._passed = math.inf, 0
        self._surplus = 0.0

    def push(self, wave: Wave, waiting: int) -> Wave:
        """Return `wave`, or while catching up at least half of it, if `waiting` samples are before it."""
        if self._surplus > SLACK * self._rate:
            kept = shorten(wave, min(int(self._surplus), len(wave) // 2), self._rate)
            self._surplus -= len(wave) - len(kept)
            return kept
        self._minimum = min(self._minimum, waiting)
        self._passed += len(wave)
        if self._passed >= WINDOW * self._rate:
            self._surplus = self._minimum - self._target
            self._minimum, self._passed = math.inf, 0
        return wave


def shorten(wave: Wave, most: int, rate: int) -> Wave:
    """Leave out up to `most` samples of `wave` where the rest is most similar at the cut, as WSOLA does.

    Source: Verhelst and Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993.
    """
    splice = round(SPLICE * rate)
    most = min(most, len(wave) - splice)
    if most <= 0:
        return wave
    start = wave[:splice]
    cuts = np.lib.stride_tricks.sliding_window_view(wave, splice)[most // 2 : most + 1]
    cut = most // 2 + int(np.argmin(((cuts - start) ** 2).sum(axis=1)))
    fade = np.linspace(0, 1, splice, dtype=np.float32)
    return np.concatenate((start + (wave[cut : cut + splice] - start) * fade, wave[cut + splice :]))
