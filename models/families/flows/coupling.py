"""Coupling layers: one half of the channels is shifted and scaled as a function of the other half."""

from __future__ import annotations

import torch
from torch import Tensor

from sottovoce.models.families.flows.base import Invertible
from sottovoce.models.families.flows.network import CouplingNetwork

MAX_LOG_SCALE = 2.0  # bound that keeps nearly constant input (silence) from being scaled without limit


class AdditiveCoupling(Invertible):
    """z1 = x1, z2 = x2 + shift(x1): preserves volume (NICE, Dinh et al. 2014, arXiv 1410.8516, section 3.2).

    Parameters
    ----------
    channels : int
        Number of channels; the first half, rounded down, is x1.
    hidden, layers, condition : int
        Settings of the CouplingNetwork.
    """

    outputs = 1  # outputs of the network per channel of x2

    def __init__(self, channels: int, hidden: int, layers: int, condition: int = 0):
        super().__init__()
        self.kept = channels // 2
        moved = channels - self.kept
        self.network = CouplingNetwork(self.kept, self.outputs * moved, hidden, layers, condition)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        kept, moved = x[..., : self.kept], x[..., self.kept :]
        shift = self.network(kept, condition).float()
        return torch.cat((kept, moved + shift), -1), torch.zeros(len(x), device=x.device)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        kept, moved = z[..., : self.kept], z[..., self.kept :]
        return torch.cat((kept, moved - self.network(kept, condition).float()), -1)


class AffineCoupling(AdditiveCoupling):
    """z1 = x1, z2 = x2 exp(s(x1)) + shift(x1) (RealNVP, Dinh et al. 2016, arXiv 1605.08803, eq. 7)."""

    outputs = 2

    def scale_and_shift(self, kept: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """Log scale s and shift of x2, from x1 = `kept`."""
        raw, shift = self.network(kept, condition).float().chunk(2, -1)
        return MAX_LOG_SCALE * torch.tanh(raw / MAX_LOG_SCALE), shift

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        kept, moved = x[..., : self.kept], x[..., self.kept :]
        s, shift = self.scale_and_shift(kept, condition)
        return torch.cat((kept, moved * s.exp() + shift), -1), s.flatten(1).sum(1)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        kept, moved = z[..., : self.kept], z[..., self.kept :]
        s, shift = self.scale_and_shift(kept, condition)
        return torch.cat((kept, (moved - shift) * (-s).exp()), -1)
