"""Communication between training processes, each of which has a share of the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributed as dist


def averaged(x: Tensor) -> Tensor:
    """Return the mean of x over all training processes, without gradient."""
    x = x.detach()
    if dist.is_available() and dist.is_initialized():
        x = x.clone()
        dist.all_reduce(x)
        x /= dist.get_world_size()
    return x


def agreed(value: float, device: torch.device) -> float:
    """Return the value of the first process in all processes."""
    if dist.is_available() and dist.is_initialized():
        shared = torch.tensor(value, dtype=torch.float64, device=device)
        dist.broadcast(shared, 0)
        return float(shared)
    return value
