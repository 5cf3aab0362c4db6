"""How classes are shown to a network."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sottovoce.models.families.classes import CLASSES


def cosines(size: int) -> Tensor:
    """What embeddings (256, size) start as: the first cosines over the classes, of unit power.

    Neighbouring classes are neighbouring samples and start alike; random embeddings would have to learn that first.
    """
    middle = (torch.arange(CLASSES)[:, None] + 0.5) / CLASSES
    return math.sqrt(2) * torch.cos(math.pi * torch.arange(1, size + 1) * middle)
