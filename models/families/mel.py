"""Log-mel spectrograms as images: 80 bands, 100 rows per second, quantised to 256 levels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.classes import to_amplitudes
from sottovoce.models.features import HOP
from sottovoce.models.training import spectra

LEVELS = 256
LOWEST, HIGHEST = -11.6, 6.0  # range in natural log of band power; values outside are clipped


def levels(x: Tensor) -> Tensor:
    """Quantised log-mel spectrogram (B, ceil(T / 160), 80), levels 0..255 (int64), of mu-law classes (B, T)."""
    wave = F.pad(to_amplitudes(x), (0, -x.shape[1] % HOP))
    with torch.autocast(x.device.type, enabled=False):
        mel = spectra.log_mel(spectra.frames(wave))
    scaled = (mel - LOWEST) * (LEVELS / (HIGHEST - LOWEST))
    return scaled.floor().clamp(0, LEVELS - 1).long()


def log_mel_of(spectrogram: Tensor) -> Tensor:
    """Log-mel (natural log of band power, float32) of levels of any shape; inverse of `levels` up to quantisation."""
    return (spectrogram.float() + 0.5) * ((HIGHEST - LOWEST) / LEVELS) + LOWEST
