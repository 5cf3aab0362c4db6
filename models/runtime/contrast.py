"""Contrast along time: sharpening of the decoded log-mel before it is the target of the post-filter.

A regression predicts the mean of all possible log-mels, so its output changes less from frame to frame than that of
speech. The difference between a frame and the mean of the frames around it is therefore enlarged (unsharp masking).

The computation is exact, as in layers.py: integers that float64 represents.
"""

from __future__ import annotations

import numpy as np

from sottovoce.models.features import BANDS, HOP
from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.state import Stateful

CONTRAST_BITS = 8  # fraction bits of the contrast
REACH = 2  # frames before and after a frame that its mean is taken over


class Contrast(Stateful):
    """Sharpens a log-mel, frame by frame: m + contrast (m - mean of the five frames around m).

    The output is two frames late. The first and the last frame are repeated beyond the ends.

    Parameters
    ----------
    contrast : int
        Strength with 8 fraction bits. With 0, frames are returned unchanged and at once.
    """

    STATE_FIELDS = ("buffer",)

    def __init__(self, contrast: int) -> None:
        self.contrast = contrast
        self.reach = REACH if contrast else 0
        self.buffer: Array = np.zeros((0, BANDS))

    @property
    def delay(self) -> int:
        """Samples that are added to the delay of the post-filter, which waits for half a frame anyway."""
        return self.reach * HOP - HOP // 2 if self.reach else 0

    def push(self, mel: Array) -> Array:
        """Take integer log-mel [shape=(n, bands)]; return the sharpened frames that are complete."""
        if not len(self.buffer):
            mel = np.concatenate((np.repeat(mel[:1], self.reach, 0), mel))
        buffer = np.concatenate((self.buffer, mel))
        due = max(0, len(buffer) - 2 * self.reach)
        self.buffer = buffer[due:]
        width = 2 * self.reach + 1
        around = sum((buffer[i : i + due] for i in range(width)), np.zeros(1))
        middle = buffer[self.reach : self.reach + due]
        # Integers below 2**40: the rounding error of the quotient is far smaller than its distance to the next integer.
        return middle + np.floor(self.contrast * (width * middle - around) / (width << CONTRAST_BITS))

    def finish(self) -> Array:
        """Return the remaining frames."""
        return self.push(np.repeat(self.buffer[-1:], self.reach, 0))
