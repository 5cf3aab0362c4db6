"""Invertible layers with the logarithm of their Jacobian determinant, and their composition."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Invertible(nn.Module, ABC):
    """A bijection z = f(x) of groups of samples (B, N, C), optionally conditioned on (B, N, D).

    By the change of variables log p(x) = log p(f(x)) + log |det df/dx| (Rezende and Mohamed 2015, arXiv 1505.05770).
    """

    @abstractmethod
    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det df/dx| (B,), both float32."""

    @abstractmethod
    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""


class Chain(Invertible):
    """Composition of layers."""

    def __init__(self, layers: list[Invertible]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        log_det = torch.zeros(len(x), device=x.device)
        for layer in self.layers:
            x, layer_log_det = layer(x, condition)
            log_det = log_det + layer_log_det
        return x, log_det

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        for layer in reversed(self.layers):
            assert isinstance(layer, Invertible)
            z = layer.inverse(z, condition)
        return z


class EarlyOutput(Invertible):
    """Passes the first channels through unchanged as latents, and applies a layer to the remaining channels.

    These are the early outputs of multi-scale flows (RealNVP, arXiv 1605.08803, section 3.6; WaveGlow, section 2.3).
    """

    def __init__(self, done: int, layer: Invertible):
        super().__init__()
        self.done, self.layer = done, layer

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        z, log_det = self.layer(x[..., self.done :], condition)
        return torch.cat((x[..., : self.done], z), -1), log_det

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        x = self.layer.inverse(z[..., self.done :], condition)
        return torch.cat((z[..., : self.done], x), -1)


class Shuffle(Invertible):
    """Permutation of the channels to 1, 3, 5 ..., 0, 2, 4 ...; it preserves volume.

    Applied before each coupling of the second half given the first half, it produces the alternating masks of RealNVP:
    even samples given odd ones, then pairs given pairs, and so on, and each of them with the halves exchanged.
    """

    order: Tensor
    back: Tensor

    def __init__(self, channels: int):
        super().__init__()
        order = torch.cat((torch.arange(1, channels, 2), torch.arange(0, channels, 2)))
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("back", order.argsort(), persistent=False)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        return x[..., self.order], torch.zeros(len(x), device=x.device)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        return z[..., self.back]


def standard_normal(z: Tensor) -> Tensor:
    """Log-density (B,) of latents (B, N, C) under independent standard normal distributions."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).flatten(1).sum(1)
