"""Time stretching: frames of conditioning are interpolated at another rate, so that the pitch does not change.

The computation is exact, as in layers.py: integers that float64 represents.
"""

from __future__ import annotations

import numpy as np

from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.state import Stateful

SPEED_BITS = 10  # fraction bits of a speed
UNIT = 1 << SPEED_BITS
SLOWEST, FASTEST = 0.5, 2.0


def fixed_point_speed(speed: float) -> int:
    """Return a speed (input frames per output frame) with 10 fraction bits.

    Raises
    ------
    ValueError
        When the speed is not 0.5 to 2.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"a speed of {speed:g}, which must be {SLOWEST:g} to {FASTEST:g}")
    return round(speed * UNIT)


class TimeStretch(Stateful):
    """Interpolates frames linearly at another speed; the output is one frame late.

    Parameters
    ----------
    speed : float
        Input frames per output frame, 0.5 to 2. With 1, frames are returned unchanged and at once.
    size : int
        Size of a frame.
    """

    STATE_FIELDS = ("buffer", "position")

    def __init__(self, speed: float, size: int) -> None:
        self.speed = fixed_point_speed(speed)
        self.buffer: Array = np.zeros((0, size))
        self.position = 0  # of the next output frame, from the first one in the buffer, with 10 fraction bits

    def push(self, frames: Array) -> Array:
        """Take integer frames [shape=(n, size)]; return the output frames that are complete."""
        if self.speed == UNIT:
            return frames
        self.buffer = np.concatenate((self.buffer, frames))
        end = (len(self.buffer) - 1) * UNIT
        places = np.arange(self.position, end, self.speed)
        before, part = places >> SPEED_BITS, (places & (UNIT - 1))[:, None]
        due = np.floor((self.buffer[before] * (UNIT - part) + self.buffer[before + 1] * part) / UNIT + 0.5)
        self.position += self.speed * len(places)
        passed = min(self.position >> SPEED_BITS, len(self.buffer))
        self.buffer, self.position = self.buffer[passed:], self.position - passed * UNIT
        return due

    def finish(self) -> Array:
        """Return the remaining frames; the last one is repeated."""
        return self.push(self.buffer[-1:])
