"""Uniform dequantisation of classes to real numbers (Theis et al. 2016, arXiv 1511.01844, section 3.1)."""

from __future__ import annotations

import math

from torch import Tensor

from sottovoce.models.families.classes import CLASSES

LOG_WIDTH = math.log(2 / CLASSES)
"""Log width of the interval of y of one class: log P(class) = log of its mean density + LOG_WIDTH, so that by Jensen's
inequality log P(class) >= E_u log p(y) + LOG_WIDTH."""


def dequantise(x: Tensor, noise: Tensor | float) -> Tensor:
    """Real numbers y in [-1, 1] (float32) of classes 0..255, given the position `noise` in the interval, in [0, 1)."""
    return (x.float() + noise) * (2 / CLASSES) - 1


def quantise(y: Tensor) -> Tensor:
    """Classes (int64) of real numbers y; values outside [-1, 1] are clipped."""
    return ((y + 1) * (CLASSES / 2)).floor().clamp(0, CLASSES - 1).long()
