"""Classes as real numbers, for a density to be fitted to (Theis et al. 2016, arXiv 1511.01844, section 3.1)."""

from __future__ import annotations

import math

from torch import Tensor

from sottovoce.models.families.classes import CLASSES

LOG_WIDTH = math.log(2 / CLASSES)
"""Of the interval of y that a class is: log P(class) = log of the mean density there + LOG_WIDTH, so by Jensen's
inequality log P(class) >= E_u log p(y) + LOG_WIDTH."""


def dequantise(x: Tensor, noise: Tensor | float) -> Tensor:
    """Numbers y in [-1, 1] (float32) of classes 0..255 and where in its class each is, u in [0, 1)."""
    return (x.float() + noise) * (2 / CLASSES) - 1


def quantise(y: Tensor) -> Tensor:
    """The classes (int64) that numbers y lie in; the outermost ones hold what is beyond [-1, 1]."""
    return ((y + 1) * (CLASSES / 2)).floor().clamp(0, CLASSES - 1).long()
