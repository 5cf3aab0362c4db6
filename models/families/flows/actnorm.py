"""Activation normalisation: every channel shifted and scaled (Glow, arXiv 1807.03039, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.bottleneck.vq import gathered
from sottovoce.models.families.flows.base import Invertible

LEAST = 1e-3  # standard deviation of a channel at the start: a silent batch must not blow it up


class ActNorm(Invertible):
    """z = (x + bias) exp(log_scale); the first training batch leaves it with zero mean and unit variance."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.ready = False  # a plain bool: reading a tensor would stall a GPU at every step

    def get_extra_state(self) -> Tensor:
        return torch.tensor(self.ready)

    def set_extra_state(self, state: Tensor) -> None:
        self.ready = bool(state)

    @torch.no_grad()
    def start(self, x: Tensor) -> None:
        """Shift and scale from a batch (B, N, C) of all training processes."""
        rows = gathered(x.flatten(0, 1))
        self.bias.copy_(-rows.mean(0))
        self.log_scale.copy_(-rows.std(0).clamp_min(LEAST).log())
        self.ready = True

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if self.training and not self.ready:
            self.start(x)
        log_det = x.shape[1] * self.log_scale.sum()
        return (x + self.bias) * self.log_scale.exp(), log_det.expand(len(x))

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return z * (-self.log_scale).exp() - self.bias
