"""Discontinuous transmission (DTX): find steps in pauses, which repeat the codes of the step before."""

from collections import deque

import numpy as np
import numpy.typing as npt

from sottovoce.models.features import HOP
from sottovoce.models.level import TARGET_DB

QUIET_DB = TARGET_DB - 35.0
"""Level in dBov that no frame of a pause exceeds in a quiet room, for speech at the models' level."""

LOUDEST_NOISE_DB = TARGET_DB - 22.0
"""The same in a noisy room, where frames of a pause exceed its noise by less than ABOVE_NOISE_DB."""

ABOVE_NOISE_DB = 4.0

NOISE_STEPS = 125
"""Steps in which the level of the noise is looked for, as the lowest of all. There must be FEWEST_STEPS before."""

FEWEST_STEPS = 25

REFRESH_STEPS = 25
"""Steps after which a step of a pause is coded again: its noise may change."""


class PauseDetector:
    """Flags the steps that may repeat the one before: those of a pause, from its second step on.

    Parameters
    ----------
    step : int
        Number of samples in a step.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._wave = np.zeros(0, np.float32)
        self._flags = np.zeros(0, np.uint8)
        self._quiet = 0  # steps in a row
        self._recent: deque[float] = deque(maxlen=NOISE_STEPS)  # power of steps

    def push(self, wave: npt.NDArray[np.float32]) -> None:
        """Take samples [shape=(n,)] at the models' level."""
        self._wave = np.concatenate((self._wave, wave))
        count = len(self._wave) // self._step
        steps, self._wave = np.split(self._wave, [count * self._step])
        power = np.square(steps.reshape(count, self._step // HOP, HOP), dtype=np.float64).mean(2)
        flags = np.zeros(count, np.uint8)
        for index, frames in enumerate(power):
            self._quiet = self._quiet + 1 if frames.max() < self._threshold() else 0
            self._recent.append(float(frames.mean()))
            flags[index] = self._quiet % REFRESH_STEPS not in (0, 1)
        self._flags = np.concatenate((self._flags, flags))

    def _threshold(self) -> float:
        """Return the power that no frame of a pause exceeds now."""
        quiet = float(10 ** (QUIET_DB / 10))
        if len(self._recent) < FEWEST_STEPS:
            return quiet
        noise = min(self._recent) * 10 ** (ABOVE_NOISE_DB / 10)
        return max(quiet, min(noise, 10 ** (LOUDEST_NOISE_DB / 10)))

    def finish(self) -> None:
        """Take silence up to a whole step."""
        self.push(np.zeros(-len(self._wave) % self._step, np.float32))

    def take(self, steps: int) -> npt.NDArray[np.uint8]:
        """Return the flags [shape=(steps,)] of the next steps."""
        flags, self._flags = np.split(self._flags, [steps])
        return flags
