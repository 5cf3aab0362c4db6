"""Invertible layers, which know how they stretch space, and their composition."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Invertible(nn.Module, ABC):
    """A bijection z = f(x) of groups of samples (B, N, C), perhaps another one for each condition (B, N, D).

    By the change of variables log p(x) = log p(f(x)) + log |det df/dx| (Rezende and Mohamed 2015, arXiv 1505.05770).
    """

    @abstractmethod
    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """z (B, N, C) and log |det df/dx| (B,), both float32."""

    @abstractmethod
    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """x (B, N, C) from z (B, N, C)."""


class Chain(Invertible):
    """One layer after the other."""

    def __init__(self, layers: list[Invertible]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        log_det = torch.zeros(len(x), device=x.device)
        for layer in self.layers:
            x, stretch = layer(x, condition)
            log_det = log_det + stretch
        return x, log_det

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        for layer in reversed(self.layers):
            assert isinstance(layer, Invertible)
            z = layer.inverse(z, condition)
        return z


class Rest(Invertible):
    """Leaves the first channels as they are, latents already, and sends the rest through a layer.

    The early outputs of multi-scale flows (RealNVP, arXiv 1605.08803, section 3.6; WaveGlow, section 2.3).
    """

    def __init__(self, done: int, layer: Invertible):
        super().__init__()
        self.done, self.layer = done, layer

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z, log_det = self.layer(x[..., self.done :], condition)
        return torch.cat((x[..., : self.done], z), -1), log_det

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        x = self.layer.inverse(z[..., self.done :], condition)
        return torch.cat((z[..., : self.done], x), -1)


class Shuffle(Invertible):
    """Every second channel first: 1, 3, 5 ..., 0, 2, 4 ...; a volume-preserving change of order.

    Repeated before couplings of the second half given the first, it goes through all alternating masks of neighbouring
    samples: the even ones given the odd ones, then pairs given pairs, ..., and all of them the other way round.
    """

    order: Tensor
    back: Tensor

    def __init__(self, channels: int):
        super().__init__()
        order = torch.cat((torch.arange(1, channels, 2), torch.arange(0, channels, 2)))
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("back", order.argsort(), persistent=False)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return x[..., self.order], torch.zeros(len(x), device=x.device)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return z[..., self.back]


def standard_normal(z: Tensor) -> Tensor:
    """Log-density (B,) of latents (B, N, C) that are independent and standard normal."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).flatten(1).sum(1)
