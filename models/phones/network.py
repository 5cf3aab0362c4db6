"""The recogniser in torch; codec/evaluation/phones.py runs the same network in numpy."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.features import BANDS
from sottovoce.models.phones.labels import CLASSES
from sottovoce.models.training import spectra

STRIDE = 2
"""Frames of 10 ms per output step of the network."""
SPREAD = 3.0
"""Approximate standard deviation of the log-mel of speech, which scales the input to about unit variance."""


def neighbours(x: Tensor, taps: int, dilation: int = 1, stride: int = 1) -> Tensor:
    """Concatenate each stride-th frame with its neighbours, zero-padded: (B, T, C) -> (B, ceil(T/stride), taps C)."""
    reach = taps // 2 * dilation
    padded = F.pad(x, (0, 0, reach, reach))
    return torch.cat([padded[:, i * dilation : i * dilation + x.shape[1] : stride] for i in range(taps)], -1)


class PhoneBlock(nn.Module):
    """Residual block: x + W2 relu(W1 [norm(x) at three frames, `dilation` apart])."""

    def __init__(self, channels: int, dilation: int, dropout: float):
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Linear(3 * channels, channels)
        self.mix = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Output (B, T, C) for input x (B, T, C) and mask (B, T, 1)."""
        around = neighbours(self.norm(x) * mask, 3, self.dilation)
        return x + self.mix(self.dropout(F.relu(self.conv(around))))


class PhoneNetwork(nn.Module):
    """Non-causal network from log-mel to logits of phones and blank at 50 Hz.

    Parameters
    ----------
    config : dict
        Table `recogniser`: `channels`, `dilations` (one per block) and `dropout`.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        settings = config["recogniser"]
        channels, dropout = settings["channels"], settings.get("dropout", 0.0)
        self.stem = nn.Linear(5 * BANDS, channels)
        self.blocks = nn.ModuleList(PhoneBlock(channels, dilation, dropout) for dilation in settings["dilations"])
        self.norm = nn.LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(channels, CLASSES)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Logits (B, ceil(F/2), 40) from normalised log-mel (B, F, 80) and the mask (B, F) of its valid frames.

        Frames outside the mask are treated like the zero padding.
        """
        steps = mask[:, ::STRIDE, None].to(mel.dtype)
        x = self.stem(neighbours(mel * mask[..., None], 5, stride=STRIDE))
        for block in self.blocks:
            x = block(x, steps)
        return self.out(self.dropout(self.norm(x)))


def normalise(mel: Tensor, mask: Tensor) -> Tensor:
    """Subtract each band's mean over the frames of the mask (B, F) from log-mel (B, F, 80); zero outside the mask."""
    weight = mask[..., None].to(mel.dtype)
    mean = (mel * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp_min(1)
    return (mel - mean) * weight / SPREAD


def recogniser_input(wave: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
    """Normalised log-mel and mask of zero-padded waves (B, n) of lengths `samples` (B,); n is a multiple of 160."""
    mel = spectra.log_mel(spectra.frames(wave))
    hop = wave.shape[1] // mel.shape[1]
    mask = torch.arange(mel.shape[1], device=wave.device) * hop < samples[:, None]
    return normalise(mel, mask), mask
