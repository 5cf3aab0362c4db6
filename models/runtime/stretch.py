"""Speech faster or slower: frames of conditioning in other places on the time axis, so that pitch stays as it is.

It is exact, as in layers.py: integers that float64 carries.
"""

from __future__ import annotations

import numpy as np

from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.state import Stateful

PACE_BITS = 10  # fraction bits of a speed
UNIT = 1 << PACE_BITS
SLOWEST, FASTEST = 0.5, 2.0


def pace_of(speed: float) -> int:
    """Frames that go in for each that comes out, with 10 fraction bits.

    Raises
    ------
    ValueError
        When the speed isn't 0.5 to 2.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"a speed of {speed:g} where {SLOWEST:g} to {FASTEST:g} can be had")
    return round(speed * UNIT)


class TimeStretch(Stateful):
    """Frames on their way to another speed: what lies between two is interpolated, a frame late.

    Parameters
    ----------
    speed : float
        0.5 to 2. With 1 frames come as they are and at once.
    size : int
        Of a frame.
    """

    STATE_FIELDS = ("held", "position")

    def __init__(self, speed: float, size: int) -> None:
        self.pace = pace_of(speed)
        self.held: Array = np.zeros((0, size))
        self.position = 0  # of the next frame to come, counted from the first one held, with 10 fraction bits

    def push(self, frames: Array) -> Array:
        """Integer frames (n, size) -> those that are due."""
        if self.pace == UNIT:
            return frames
        self.held = np.concatenate((self.held, frames))
        end = (len(self.held) - 1) * UNIT
        places = np.arange(self.position, end, self.pace)
        before, part = places >> PACE_BITS, (places & (UNIT - 1))[:, None]
        due = np.floor((self.held[before] * (UNIT - part) + self.held[before + 1] * part) / UNIT + 0.5)
        self.position += self.pace * len(places)
        passed = min(self.position >> PACE_BITS, len(self.held))
        self.held, self.position = self.held[passed:], self.position - passed * UNIT
        return due

    def finish(self) -> Array:
        """The frames that are still due: the last one goes on."""
        return self.push(self.held[-1:])
