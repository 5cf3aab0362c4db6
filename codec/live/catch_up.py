"""Catching up: a little of the sound is left out when too much of it waits.

It does after the device has stopped for a moment, and when its clock is slower than that of the microphone.
"""

import math

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]

WINDOW = 2.0
"""Seconds of sound in which too much must have waited all along."""

SLACK = 0.010
"""Seconds that it may be more than its goal."""

SPLICE = 0.005
"""Seconds in which what comes before a cut becomes what comes after it."""


class CatchUp:
    """Leaves out what would keep more than `goal` samples waiting.

    Parameters
    ----------
    goal : float
        Samples that may wait when the next ones come.
    rate : int
        Hz.
    """

    def __init__(self, goal: float, rate: int) -> None:
        self._goal = goal
        self._rate = rate
        self._least, self._passed = math.inf, 0
        self._surplus = 0.0

    def push(self, wave: Wave, waiting: int) -> Wave:
        """Take samples that come when `waiting` others wait; return them or, while catching up, at least half."""
        if self._surplus > SLACK * self._rate:
            kept = shortened(wave, min(int(self._surplus), len(wave) // 2), self._rate)
            self._surplus -= len(wave) - len(kept)
            return kept
        self._least = min(self._least, waiting)
        self._passed += len(wave)
        if self._passed >= WINDOW * self._rate:
            self._surplus = self._least - self._goal
            self._least, self._passed = math.inf, 0
        return wave


def shortened(wave: Wave, most: int, rate: int) -> Wave:
    """Leave out up to `most` samples of `wave` where what remains fits best together, as WSOLA does.

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
