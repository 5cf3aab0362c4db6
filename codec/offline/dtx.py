"""Discontinuous transmission (DTX): find steps in pauses, which repeat the codes of the step before."""

import numpy as np
import numpy.typing as npt

from sottovoce.models.features import HOP
from sottovoce.models.level import TARGET_DB

QUIET_DB = TARGET_DB - 35.0
"""Level in dBov that no frame of a pause exceeds, for speech at the models' level."""

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

    def push(self, wave: npt.NDArray[np.float32]) -> None:
        """Take samples [shape=(n,)] at the models' level."""
        self._wave = np.concatenate((self._wave, wave))
        count = len(self._wave) // self._step
        steps, self._wave = np.split(self._wave, [count * self._step])
        power = np.square(steps.reshape(count, self._step // HOP, HOP), dtype=np.float64).mean(2).max(1)
        flags = np.zeros(count, np.uint8)
        for index, quiet in enumerate(power < 10 ** (QUIET_DB / 10)):
            self._quiet = self._quiet + 1 if quiet else 0
            flags[index] = self._quiet % REFRESH_STEPS not in (0, 1)
        self._flags = np.concatenate((self._flags, flags))

    def finish(self) -> None:
        """Take silence up to a whole step."""
        self.push(np.zeros(-len(self._wave) % self._step, np.float32))

    def take(self, steps: int) -> npt.NDArray[np.uint8]:
        """Return the flags [shape=(steps,)] of the next steps."""
        flags, self._flags = np.split(self._flags, [steps])
        return flags
