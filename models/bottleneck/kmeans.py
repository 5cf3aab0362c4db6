"""k-means: the first entries of code books."""

from __future__ import annotations

import torch
from torch import Tensor


def k_means(x: Tensor, count: int, iterations: int = 10) -> Tensor:
    """Centres (count, D) of the rows of x (n, D); rows are spread evenly over x at first, repeated if too few."""
    picks = torch.linspace(0, len(x) - 1, count, device=x.device).round().long()
    centres = x[picks] + 1e-4 * torch.randn(count, x.shape[1], generator=torch.Generator().manual_seed(0)).to(x)
    for _ in range(iterations):
        nearest = ((centres**2).sum(1) - 2 * x @ centres.T).argmin(1)
        counts = torch.bincount(nearest, minlength=count)[:, None]
        sums = torch.zeros_like(centres).index_add_(0, nearest, x)
        centres = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
    return centres
