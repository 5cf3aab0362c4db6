"""What every family models: 16 kHz speech as mu-law classes 0..255, at the models' level."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sottovoce.models.features import mu_law_encode
from sottovoce.models.training.shards import read_normalised
from sottovoce.models.wavenet.units import CLASSES

MU = CLASSES - 1
SILENCE = 128
"""The class of a sample that is 0, which is what was before a recording began."""


def classes(wave: Tensor) -> Tensor:
    """Mu-law classes (int64) of samples in [-1, 1], any shape; features.mu_law_encode in torch."""
    y = torch.sign(wave) * torch.log1p(MU * wave.clamp(-1, 1).abs()) / math.log1p(MU)
    return torch.floor((y + 1) / 2 * MU + 0.5).long()


def samples(index: Tensor) -> Tensor:
    """Samples in [-1, 1] (float32) of mu-law classes; inverse of `classes` up to quantisation."""
    y = 2 * index.float() / MU - 1
    return torch.sign(y) * torch.expm1(y.abs() * math.log1p(MU)) / MU


def read_classes(path: Path) -> NDArray[np.uint8]:
    """A recording as mu-law classes (n,), at 16 kHz and the models' level."""
    return mu_law_encode(read_normalised(path) / 32768.0).astype(np.uint8)
