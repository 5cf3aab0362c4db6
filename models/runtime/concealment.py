"""Packet loss concealment: over lost steps the last latent is held, and its sound fades to silence.

The decoder does so with each step whose codes are those of `lost_codes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOST = -1
FADE_STEPS = 8  # lost steps until nothing is left of the sound that is held


def lost_codes(steps: int, books: int) -> NDArray[np.int16]:
    """Codes (steps, books) of lost steps."""
    return np.full((steps, books), LOST, np.int16)


def loudness_after(lost: int) -> float:
    """Loudness of the sound that is held, 0 to 1, after so many lost steps in a row."""
    return max(0.0, 1 - lost / FADE_STEPS)
