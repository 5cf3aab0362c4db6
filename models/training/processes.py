"""Several training processes, each with its share of a batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributed as dist


def averaged(x: Tensor) -> Tensor:
    """x, without its gradient, averaged over all training processes."""
    x = x.detach()
    if dist.is_available() and dist.is_initialized():
        x = x.clone()
        dist.all_reduce(x)
        x /= dist.get_world_size()
    return x


def agreed(value: float, device: torch.device) -> float:
    """What the first process says, told to all."""
    if dist.is_available() and dist.is_initialized():
        told = torch.tensor(value, dtype=torch.float64, device=device)
        dist.broadcast(told, 0)
        return float(told)
    return value
