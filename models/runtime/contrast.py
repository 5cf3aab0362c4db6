"""Contrast along time: the log-mel that the codes say, sharpened before the envelope filter is told.

A regression answers with the mean of all that may have been said, so its log-mel changes less from frame to frame than
that of speech. What a frame differs by from the mean of the frames around it is given somewhat larger: unsharp masking.

It is exact, as in layers.py: integers that float64 carries.
"""

from __future__ import annotations

import numpy as np

from sottovoce.models.features import BANDS, HOP
from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.state import Stateful

CONTRAST_BITS = 8  # fraction bits of the contrast
REACH = 2  # frames before and after one that are its surroundings


class Contrast(Stateful):
    """A log-mel on its way to be sharpened: m + contrast (m - mean of the five frames around m), two frames late.

    Beyond the ends the first and the last frame go on.

    Parameters
    ----------
    contrast : int
        With 8 fraction bits. Without any, frames come as they are and at once.
    """

    STATE_FIELDS = ("held",)

    def __init__(self, contrast: int) -> None:
        self.contrast = contrast
        self.reach = REACH if contrast else 0
        self.held: Array = np.zeros((0, BANDS))

    @property
    def delay(self) -> int:
        """Samples that it adds to the delay of the filter after it, which waits for half a frame anyway."""
        return self.reach * HOP - HOP // 2 if self.reach else 0

    def push(self, mel: Array) -> Array:
        """Integer log-mel (frames, bands) -> the sharpened frames that are due."""
        if not len(self.held):
            mel = np.concatenate((np.repeat(mel[:1], self.reach, 0), mel))
        held = np.concatenate((self.held, mel))
        due = max(0, len(held) - 2 * self.reach)
        self.held = held[due:]
        width = 2 * self.reach + 1
        around = sum((held[i : i + due] for i in range(width)), np.zeros(1))
        middle = held[self.reach : self.reach + due]
        # integers below 2**40: the quotient's rounding is far smaller than what is between it and the next integer
        return middle + np.floor(self.contrast * (width * middle - around) / (width << CONTRAST_BITS))

    def finish(self) -> Array:
        """The sharpened frames that are still due."""
        return self.push(np.repeat(self.held[-1:], self.reach, 0))
