"""Flow family: an invertible map from groups of dequantised classes to standard normal latents."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.base import Batch, Family
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.flows.base import Invertible, standard_normal
from sottovoce.models.families.flows.dequantise import LOG_WIDTH, dequantise, quantise


class Flow(Family):
    """A density of dequantised classes, p(y) = N(f(y); 0, 1) |det df/dy|, and with it a bound for the classes.

    The density is exact. With y = (x + u) / 128 - 1 and u uniform in [0, 1), E_u log p(y) - T log 128 is a lower bound
    of log p(x), which `log_prob` estimates from one sample of u. A sequence is padded with SILENCE to whole groups, and
    the padding is scored too.

    Attributes
    ----------
    flow : Invertible
        f, from groups of samples (B, N, group) to latents of the same shape.
    """

    exact: ClassVar[bool] = False
    control: ClassVar[str] = "no"
    flow: Invertible

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def filled(self, length: int) -> int:
        """Length rounded up to whole groups."""
        return -(-length // self.group) * self.group

    def groups(self, x: Tensor, noise: Tensor | float) -> Tensor:
        """Dequantised groups y (B, N, group) of classes (B, T), with noise (B, filled(T))."""
        x = F.pad(x, (0, self.filled(x.shape[1]) - x.shape[1]), value=SILENCE)
        return dequantise(x, noise).view(len(x), -1, self.group)

    def condition(self, x: Tensor) -> Tensor | None:
        """Conditioning (B, N, D) of the flow, derived from the sequences (B, T); None for an unconditional flow."""
        return None

    def bound(self, x: Tensor, noise: Tensor) -> Tensor:
        """Lower bound (B,) in nats for given noise u (B, filled(T))."""
        z, log_det = self.flow(self.groups(x, noise), self.condition(x))
        return standard_normal(z) + log_det + noise.shape[1] * LOG_WIDTH

    def sample_noise(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Noise for dequantisation."""
        return {"noise": torch.rand(batch, self.filled(length), generator=generator, device=generator.device)}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Negative bound in bits per sample."""
        x = batch["x"]
        bits = -self.bound(x, batch["noise"]).mean() / (x.shape[1] * math.log(2))
        return bits, {"bits_per_sample": bits}

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Lower bound of the log-likelihood in nats, (B, T) -> (B,), from one sample of the noise."""
        noise = torch.rand(len(x), self.filled(x.shape[1]), generator=generator, device=x.device)
        return self.bound(x, noise)

    def sample_latents(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Standard normal latents (batch, group, N) for at least `length` samples."""
        shape = (batch, self.group, self.filled(length) // self.group)
        return torch.randn(shape, generator=generator, device=self.device)

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sample sequences (batch, length), all samples in parallel."""
        return self.decode(self.sample_latents(batch, length, generator), generator)[:, :length]

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, group, N) of the interval centres of classes (B, T); N = ceil(T / group)."""
        z, _ = self.flow(self.groups(x, 0.5), self.condition(x))
        return z.transpose(1, 2)

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sequences (B, N * group) from latents (B, group, N), deterministic; inverse of `encode`."""
        return quantise(self.flow.inverse(latents.transpose(1, 2)).flatten(1))
