"""Samples on their way to the loudspeaker: one thread writes them, another reads them, and neither waits."""

from collections import deque

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]

FADE = 0.005
"""Seconds in which a step between two samples is faded out."""


class RingBuffer:
    """Numbered samples; reading gives silence where there are none, without clicks at its edges.

    Parameters
    ----------
    rate : int
        Sample rate of reading, Hz.
    step : float
        Difference of the numbers of two successive samples.

    Attributes
    ----------
    underruns : int
        How often samples were missing when they were due, until `finished`.
    finished : bool
        Whether nothing more will be written; the writer sets it.
    """

    def __init__(self, rate: int, step: float = 1.0) -> None:
        self.underruns = 0
        self.finished = False
        self._step = step
        self._pieces: deque[tuple[float, Wave]] = deque()
        self._written = self._read = 0  # each changed by one thread only
        self._flowing = False
        self._due = 0.0
        self._last = np.float32(0)
        self._ramp = np.linspace(1, 0, round(FADE * rate), endpoint=False, dtype=np.float32)
        self._fade_tail = np.zeros(0, np.float32)

    @property
    def fill(self) -> int:
        """Number of samples that wait."""
        return self._written - self._read

    def write(self, wave: Wave, first: float) -> None:
        """Add samples, of which the first has a number."""
        if len(wave):
            self._written += len(wave)
            self._pieces.append((first, wave))

    def read(self, frames: int) -> tuple[Wave, float | None]:
        """Return the next samples, and the number of the first of them, or None where all are silence."""
        wave = np.zeros(frames, np.float32)
        fade = np.zeros(frames + len(self._ramp), np.float32)
        fade[: len(self._fade_tail)] = self._fade_tail
        number = None
        at = 0
        while at < frames and self._pieces:
            first, piece = self._pieces.popleft()
            part, rest = piece[: frames - at], piece[frames - at :]
            wave[at : at + len(part)] = part
            if not self._flowing or abs(first - self._due) >= 1:
                self._fade_step(wave, fade, at)
            number = first - at * self._step if number is None else number
            self._flowing = True
            self._due = first + len(part) * self._step
            self._read += len(part)
            at += len(part)
            if len(rest):
                self._pieces.appendleft((self._due, rest))
        if at < frames and self._flowing:
            self._flowing = False
            self.underruns += not self.finished
            self._fade_step(wave, fade, at)
        wave += fade[:frames]
        self._fade_tail = fade[frames:]
        self._last = wave[-1]
        return wave, number

    def _fade_step(self, wave: Wave, fade: Wave, at: int) -> None:
        """Fade out the step between the sample before `at` and the one at it."""
        before = wave[at - 1] + fade[at - 1] if at else self._last
        fade[at : at + len(self._ramp)] += (before - wave[at] - fade[at]) * self._ramp
