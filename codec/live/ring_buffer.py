"""Samples on their way to the loudspeaker: one thread writes them, another takes them, and neither waits."""

from collections import deque

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]

FADE = 0.005
"""Seconds in which a jump between two samples is levelled."""


class RingBuffer:
    """Numbered samples that wait; silence where there are none, and no clicks at its edges.

    Parameters
    ----------
    rate : int
        Hz at which samples are taken.
    step : float
        By how much the numbers of two samples differ.

    Attributes
    ----------
    underruns : int
        How often there were no more samples when some were due, up to `finished`.
    finished : bool
        Whether nothing more will be written, which the writer says.
    """

    def __init__(self, rate: int, step: float = 1.0) -> None:
        self.underruns = 0
        self.finished = False
        self._step = step
        self._pieces: deque[tuple[float, Wave]] = deque()
        self._written = self._taken = 0  # each changed by one thread only
        self._flowing = False
        self._due = 0.0
        self._last = np.float32(0)
        self._ramp = np.linspace(1, 0, round(FADE * rate), endpoint=False, dtype=np.float32)
        self._levelling = np.zeros(0, np.float32)

    @property
    def fill(self) -> int:
        """How many samples wait."""
        return self._written - self._taken

    def write(self, wave: Wave, first: float) -> None:
        """Add samples, of which the first has a number."""
        if len(wave):
            self._written += len(wave)
            self._pieces.append((first, wave))

    def take(self, frames: int) -> tuple[Wave, float | None]:
        """Return samples to be played, and the number of the first of them; None where that is silence."""
        wave = np.zeros(frames, np.float32)
        levelling = np.zeros(frames + len(self._ramp), np.float32)
        levelling[: len(self._levelling)] = self._levelling
        number = None
        at = 0
        while at < frames and self._pieces:
            first, piece = self._pieces.popleft()
            part, rest = piece[: frames - at], piece[frames - at :]
            wave[at : at + len(part)] = part
            if not self._flowing or abs(first - self._due) >= 1:
                self._level(wave, levelling, at)
            number = first - at * self._step if number is None else number
            self._flowing = True
            self._due = first + len(part) * self._step
            self._taken += len(part)
            at += len(part)
            if len(rest):
                self._pieces.appendleft((self._due, rest))
        if at < frames and self._flowing:
            self._flowing = False
            self.underruns += not self.finished
            self._level(wave, levelling, at)
        wave += levelling[:frames]
        self._levelling = levelling[frames:]
        self._last = wave[-1]
        return wave, number

    def _level(self, wave: Wave, levelling: Wave, at: int) -> None:
        """Let what is heard go on from the sample before `at`, and come to the new ones in a moment."""
        before = wave[at - 1] + levelling[at - 1] if at else self._last
        levelling[at : at + len(self._ramp)] += (before - wave[at] - levelling[at]) * self._ramp
