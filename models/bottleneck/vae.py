"""Gaussian latents with a price in nats (Kingma and Welling 2014, arXiv 1312.6114, appendix B)."""

from __future__ import annotations

import math

from torch import Tensor, nn

from sottovoce.models.bottleneck.base import Bottleneck, BottleneckOutput
from sottovoce.models.gaussian import STANDARD, Gaussian


class VAE(Bottleneck):
    """q(z|x) is a diagonal Gaussian, the prior a standard one.

    Parameters
    ----------
    size : int
        Dimensions of a latent.
    weight : float
        Weight of the KL term in the loss (Higgins et al. 2017, beta-VAE).
    free_bits : float
        Bits a step that cost nothing, so that the latents are not ignored (Kingma et al. 2016, arXiv 1606.04934, C.8).
    """

    def __init__(self, size: int, weight: float = 1.0, free_bits: float = 0.0):
        super().__init__()
        self.size, self.weight, self.free_nats = size, weight, free_bits * math.log(2)
        self.moments = nn.Conv1d(size, 2 * size, 1)

    def forward(self, z: Tensor, noise: Tensor | None = None, depth: Tensor | None = None) -> BottleneckOutput:
        """Sample latents from the posterior z (B, 2 size, N): see `Bottleneck.forward`."""
        posterior = Gaussian.of(self.moments(z), 1)
        # without noise the mean goes on: what an evaluation wants
        latents = posterior.mean if noise is None else posterior.sample(noise)
        kl = posterior.divergence(STANDARD).sum(1)
        loss = self.weight * kl.mean().clamp_min(self.free_nats)
        return BottleneckOutput(latents, bits=kl.mean() / math.log(2), loss=loss)
