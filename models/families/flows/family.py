"""Flows as a family: dequantised classes, in groups, through one invertible map to standard normal latents."""

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

    The density is exact; E_u log p(y) - T log 128, y = (x + u) / 128 - 1 with u uniform in [0, 1), is a lower bound of
    log p(x), and what `log_prob` gives is its estimate from one u. A whole sequence is one block: what it lacks to
    whole groups is filled with SILENCE, which is paid for as well.

    Attributes
    ----------
    flow : Invertible
        f, from groups of samples (B, N, group) to the latents, which are as many.
    """

    exact: ClassVar[bool] = False
    control: ClassVar[str] = "no"
    flow: Invertible

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def filled(self, length: int) -> int:
        """Samples of the groups that so many samples need."""
        return -(-length // self.group) * self.group

    def groups(self, x: Tensor, noise: Tensor | float) -> Tensor:
        """y (B, N, group) of classes (B, T) and the noise (B, filled(T))."""
        x = F.pad(x, (0, self.filled(x.shape[1]) - x.shape[1]), value=SILENCE)
        return dequantise(x, noise).view(len(x), -1, self.group)

    def condition(self, x: Tensor) -> Tensor | None:
        """What the flow is told of the sequences (B, T): (B, N, D)."""
        return None

    def bound(self, x: Tensor, noise: Tensor) -> Tensor:
        """`log_prob` with a given u, the noise (B, filled(T))."""
        z, log_det = self.flow(self.groups(x, noise), self.condition(x))
        return standard_normal(z) + log_det + noise.shape[1] * LOG_WIDTH

    def draws(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """The noise that dequantises."""
        return {"noise": torch.rand(batch, self.filled(length), generator=generator, device=generator.device)}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Bits per sample."""
        x = batch["x"]
        bits = -self.bound(x, batch["noise"]).mean() / (x.shape[1] * math.log(2))
        return bits, {"bits_per_sample": bits}

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A bound of the nats of each whole sequence, (B, T) -> (B,), from one draw of the noise."""
        noise = torch.rand(len(x), self.filled(x.shape[1]), generator=generator, device=x.device)
        return self.bound(x, noise)

    def draw_latents(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Standard normal latents (batch, group, N) of groups enough for `length` samples."""
        shape = (batch, self.group, self.filled(length) // self.group)
        return torch.randn(shape, generator=generator, device=self.device)

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sequences (batch, length) drawn from the model, all samples at once."""
        return self.decode(self.draw_latents(batch, length, generator), generator)[:, :length]

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, group, N) of the middles of the classes (B, T); N = ceil(T / group)."""
        z, _ = self.flow(self.groups(x, 0.5), self.condition(x))
        return z.transpose(1, 2)

    @torch.no_grad()
    def decode(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Sequences (B, N * group) from latents (B, group, N), in one pass and without chance; inverse of `encode`."""
        return quantise(self.flow.inverse(latents.transpose(1, 2)).flatten(1))
