"""The signal that every family models: 16 kHz speech, level-normalised, as mu-law classes 0..255."""

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
"""Class of amplitude 0, used as padding before the start of a recording."""


def to_classes(wave: Tensor) -> Tensor:
    """Encode samples in [-1, 1], of any shape, as mu-law classes (int64); torch version of features.mu_law_encode."""
    y = torch.sign(wave) * torch.log1p(MU * wave.clamp(-1, 1).abs()) / math.log1p(MU)
    return torch.floor((y + 1) / 2 * MU + 0.5).long()


def to_amplitudes(index: Tensor) -> Tensor:
    """Decode mu-law classes to samples in [-1, 1] (float32); inverse of `to_classes` up to quantisation."""
    y = 2 * index.float() / MU - 1
    return torch.sign(y) * torch.expm1(y.abs() * math.log1p(MU)) / MU


def read_classes(path: Path) -> NDArray[np.uint8]:
    """Read a recording as mu-law classes (n,), resampled to 16 kHz and level-normalised."""
    return mu_law_encode(read_normalised(path) / 32768.0).astype(np.uint8)
