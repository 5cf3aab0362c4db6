"""Network of a coupling layer: a non-causal WaveNet (WaveGlow, arXiv 1811.00002, section 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CouplingLayer(nn.Module):
    """Gated dilated convolution with kernel size 3, residual and skip outputs."""

    def __init__(self, hidden: int, dilation: int, condition: int):
        super().__init__()
        self.dilation, self.hidden = dilation, hidden
        self.dilated = nn.Linear(3 * hidden + condition, 2 * hidden)
        self.out = nn.Linear(hidden, 2 * hidden)

    def forward(self, x: Tensor, skips: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """Residual path and sum of skip outputs, both (B, N, hidden)."""
        around = F.pad(x, (0, 0, self.dilation, self.dilation))
        taps = [around[:, : x.shape[1]], x, around[:, 2 * self.dilation :]]
        h = self.dilated(torch.cat(taps if condition is None else [*taps, condition], -1))
        o = self.out(torch.tanh(h[..., : self.hidden]) * torch.sigmoid(h[..., self.hidden :]))
        return x + o[..., : self.hidden], skips + o[..., self.hidden :]


class CouplingNetwork(nn.Module):
    """Function of groups (B, N, inputs) and an optional condition (B, N, D); initialised to zero output.

    Parameters
    ----------
    hidden : int
        Residual and skip channels.
    layers : int
        Number of layers, with dilations 1, 2, 4 ... groups.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, layers: int, condition: int = 0):
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.layers = nn.ModuleList(CouplingLayer(hidden, 2**i, condition) for i in range(layers))
        self.last = nn.Linear(hidden, outputs)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """(B, N, inputs) -> (B, N, outputs)."""
        x = self.first(x)
        skips = torch.zeros_like(x)
        for layer in self.layers:
            x, skips = layer(x, skips, condition)
        return self.last(F.relu(skips))
