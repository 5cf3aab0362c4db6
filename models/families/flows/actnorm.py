"""Activation normalisation: a shift and a scale per channel (Glow, arXiv 1807.03039, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.bottleneck.vq import gathered
from sottovoce.models.families.flows.base import Invertible

LEAST = 1e-3  # minimum standard deviation at initialisation, for a silent batch


class ActNorm(Invertible):
    """z = (x + bias) exp(log_scale), initialised to zero mean and unit variance of the first training batch."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.ready = False  # a plain bool: reading a tensor would synchronise with the GPU at every step

    def get_extra_state(self) -> Tensor:
        """Whether the layer is initialised."""
        return torch.tensor(self.ready)

    def set_extra_state(self, state: Tensor) -> None:
        """Restore the result of `get_extra_state`."""
        self.ready = bool(state)

    @torch.no_grad()
    def start(self, x: Tensor) -> None:
        """Initialise shift and scale from a batch (B, N, C), gathered over all training processes."""
        rows = gathered(x.flatten(0, 1))
        self.bias.copy_(-rows.mean(0))
        self.log_scale.copy_(-rows.std(0).clamp_min(LEAST).log())
        self.ready = True

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        if self.training and not self.ready:
            self.start(x)
        log_det = x.shape[1] * self.log_scale.sum()
        return (x + self.bias) * self.log_scale.exp(), log_det.expand(len(x))

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        return z * (-self.log_scale).exp() - self.bias
