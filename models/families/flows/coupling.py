"""Coupling layers: one half of the channels moved and stretched as the other half says."""

from __future__ import annotations

import torch
from torch import Tensor

from sottovoce.models.families.flows.base import Invertible
from sottovoce.models.families.flows.network import CouplingNetwork

MOST = 2.0  # a layer stretches by less than exp(2): what is nearly constant in silence must not blow up


class Additive(Invertible):
    """z1 = x1, z2 = x2 + shift(x1): preserves volume (NICE, Dinh et al. 2014, arXiv 1410.8516, section 3.2).

    Parameters
    ----------
    channels : int
        The first half, rounded down, is x1.
    hidden, layers, condition : int
        Of the network.
    """

    outputs = 1  # of the network, for each number of x2

    def __init__(self, channels: int, hidden: int, layers: int, condition: int = 0):
        super().__init__()
        self.kept = channels // 2
        moved = channels - self.kept
        self.network = CouplingNetwork(self.kept, self.outputs * moved, hidden, layers, condition)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        kept, moved = x[..., : self.kept], x[..., self.kept :]
        shift = self.network(kept, condition).float()
        return torch.cat((kept, moved + shift), -1), torch.zeros(len(x), device=x.device)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        kept, moved = z[..., : self.kept], z[..., self.kept :]
        return torch.cat((kept, moved - self.network(kept, condition).float()), -1)


class Affine(Additive):
    """z1 = x1, z2 = x2 exp(s(x1)) + shift(x1) (RealNVP, Dinh et al. 2016, arXiv 1605.08803, eq. 7)."""

    outputs = 2

    def told(self, kept: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """s, which is the logarithm of the scale, and the shift."""
        raw, shift = self.network(kept, condition).float().chunk(2, -1)
        return MOST * torch.tanh(raw / MOST), shift

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        kept, moved = x[..., : self.kept], x[..., self.kept :]
        s, shift = self.told(kept, condition)
        return torch.cat((kept, moved * s.exp() + shift), -1), s.flatten(1).sum(1)

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        kept, moved = z[..., : self.kept], z[..., self.kept :]
        s, shift = self.told(kept, condition)
        return torch.cat((kept, (moved - shift) * (-s).exp()), -1)
