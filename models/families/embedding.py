"""Initial embedding of mu-law classes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sottovoce.models.families.classes import CLASSES


def cosine_embedding(size: int) -> Tensor:
    """Initial embedding matrix (256, size): cosines over the class index, of unit power.

    Neighbouring classes, which are neighbouring amplitudes, get similar vectors; a random embedding would have to learn
    this order first.
    """
    middle = (torch.arange(CLASSES)[:, None] + 0.5) / CLASSES
    return math.sqrt(2) * torch.cos(math.pi * torch.arange(1, size + 1) * middle)
