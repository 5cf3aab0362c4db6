"""Exact means over normal noise."""

import numpy as np
import torch
from torch import Tensor


def hermite(count: int, dimensions: int) -> tuple[Tensor, Tensor]:
    """Noise (count^D, D) and its shares, over which polynomials of a degree below 2 count have their true means."""
    nodes, shares = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(count))
    noise = torch.cartesian_prod(*[nodes] * dimensions)
    return noise, torch.cartesian_prod(*[shares / shares.sum()] * dimensions).prod(1)
