"""Diagonal Gaussians: posterior and prior of latents, and their KL divergence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions (diagonal covariance).

    Attributes
    ----------
    mean, log_variance : Tensor of float32 [shape=(..., D)]
    """

    mean: Tensor
    log_variance: Tensor

    @classmethod
    def of(cls, moments: Tensor, dim: int = -1) -> Gaussian:
        """Gaussian from network outputs (..., 2 D): means, then log variances (clamped), along `dim`."""
        mean, log_variance = moments.float().chunk(2, dim)
        return cls(mean, log_variance.clamp(-12, 8))

    def sample(self, noise: Tensor) -> Tensor:
        """Sample by the reparametrisation trick from standard normal noise (..., D) (arXiv 1312.6114, section 2.4)."""
        return self.mean + noise * torch.exp(self.log_variance / 2)

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-density of each element of z (..., D), in nats."""
        squared = (z - self.mean) ** 2 * torch.exp(-self.log_variance)
        return -0.5 * (squared + self.log_variance + math.log(2 * math.pi))

    def divergence(self, other: Gaussian) -> Tensor:
        """KL(self || other) of each element (..., D), in nats."""
        shift = self.log_variance - other.log_variance
        squared = (self.mean - other.mean) ** 2 * torch.exp(-other.log_variance)
        return 0.5 * (squared + shift.exp() - 1 - shift)


STANDARD = Gaussian(torch.zeros(()), torch.zeros(()))
"""The prior of all latents, N(0, 1)."""
