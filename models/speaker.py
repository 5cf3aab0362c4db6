"""Who speaks, in a few bytes: statistics pooling over an utterance (Snyder et al. 2018, x-vectors, section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.layers import CausalConv, ResidualBlock, stack
from sottovoce.models.log_mel_scale import normalised


class SpeakerEncoder(nn.Module):
    """Log-mel (B, 80, F) -> one vector (B, size), mean and deviation of learned frame features over the utterance."""

    def __init__(self, size: int = 64, bands: int = 80, channels: int = 128, blocks: int = 2):
        super().__init__()
        self.frames = nn.Sequential(CausalConv(bands, channels, 5), *stack(ResidualBlock, channels, blocks), nn.ReLU())
        self.out = nn.Linear(2 * channels, size)

    def forward(self, mel: Tensor) -> Tensor:
        """Map log-mel (B, 80, F) in nepers to speaker vectors (B, size)."""
        h = self.frames(normalised(mel))
        mean = h.mean(2)
        deviation = torch.sqrt((h * h).mean(2) - mean * mean + 1e-4)
        return self.out(torch.cat((mean, deviation), 1))
