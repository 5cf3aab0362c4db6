"""Packet loss concealment: lost steps repeat the last latent, and the sound fades to silence.

The decoder conceals each step whose codes are those of `lost_codes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOST = -1
FADE_STEPS = 8  # lost steps in a row after which there is silence


def lost_codes(steps: int, books: int) -> NDArray[np.int16]:
    """Return the codes [shape=(steps, books)] of lost steps."""
    return np.full((steps, books), LOST, np.int16)


def fade_after(lost: int) -> float:
    """Return the amplitude factor, 0 to 1, of the last of `lost` lost steps in a row."""
    return max(0.0, 1 - lost / FADE_STEPS)
