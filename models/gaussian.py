"""Gaussians with a diagonal covariance: what latents are drawn from, and what it costs to say them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions, one for each number.

    Attributes
    ----------
    mean, log_variance : Tensor
        float32, of one shape.
    """

    mean: Tensor
    log_variance: Tensor

    @classmethod
    def of(cls, moments: Tensor, dim: int = -1) -> Gaussian:
        """The one that a network's outputs (..., 2 D) name along `dim`: means, then the logarithms of variances."""
        mean, log_variance = moments.float().chunk(2, dim)
        return cls(mean, log_variance.clamp(-12, 8))

    def draw(self, noise: Tensor) -> Tensor:
        """What standard normal noise (..., D) becomes under this; gradients pass (arXiv 1312.6114, section 2.4)."""
        return self.mean + noise * torch.exp(self.log_variance / 2)

    def log_prob(self, z: Tensor) -> Tensor:
        """Nats of each number of z (..., D)."""
        squared = (z - self.mean) ** 2 * torch.exp(-self.log_variance)
        return -0.5 * (squared + self.log_variance + math.log(2 * math.pi))

    def divergence(self, other: Gaussian) -> Tensor:
        """KL(self || other) in nats, for each number (..., D)."""
        shift = self.log_variance - other.log_variance
        squared = (self.mean - other.mean) ** 2 * torch.exp(-other.log_variance)
        return 0.5 * (squared + shift.exp() - 1 - shift)


STANDARD = Gaussian(torch.zeros(()), torch.zeros(()))
"""The prior of all latents, N(0, 1)."""
