"""Log-mel spectrograms as pictures: 80 bands in 256 levels, 100 rows a second."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.classes import samples
from sottovoce.models.features import HOP
from sottovoce.models.training import spectra

LEVELS = 256
LOWEST, HIGHEST = -11.6, 6.0  # natural log of band power; quieter and louder ones are the outermost levels


def levels(x: Tensor) -> Tensor:
    """Sequences of mu-law classes (B, T) -> pictures (B, ceil(T / 160), 80) of levels 0..255, int64."""
    wave = F.pad(samples(x), (0, -x.shape[1] % HOP))
    with torch.autocast(x.device.type, enabled=False):
        mel = spectra.log_mel(spectra.frames(wave))
    scaled = (mel - LOWEST) * (LEVELS / (HIGHEST - LOWEST))
    return scaled.floor().clamp(0, LEVELS - 1).long()


def log_mel_of(picture: Tensor) -> Tensor:
    """Natural log of band powers (float32) of levels, any shape; inverse of `levels` up to quantisation."""
    return (picture.float() + 0.5) * ((HIGHEST - LOWEST) / LEVELS) + LOWEST
