"""What the numbers that a network gives for a pixel mean: four distributions over its 256 levels."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.special import log_ndtr

from sottovoce.models.families.mel import LEVELS
from sottovoce.models.wavenet import heads

HALF = LEVELS / 2
"""Levels 0..255 lie on [-1, 1], this many to a unit; a level is the interval around its centre."""


class PixelOutput(ABC):
    """A distribution over levels that a network's `outputs` numbers name."""

    outputs: int

    @abstractmethod
    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Nats of levels (...), of the numbers raw (..., outputs)."""

    def log_probs(self, raw: Tensor) -> Tensor:
        """Nats of all levels (..., 256), of the numbers raw (..., outputs)."""
        levels = torch.arange(LEVELS, device=raw.device).expand(*raw.shape[:-1], LEVELS)
        return self.log_prob(raw[..., None, :], levels)

    def begin(self, bias: Tensor) -> None:  # noqa: B027
        """Set the bias (outputs,) of the layer that makes the numbers, where it matters how training begins."""


class GaussianPixels(PixelOutput):
    """A normal density integrated over each level's interval, the outermost reaching to infinity.

    Parameters
    ----------
    deviation : float
        Its standard deviation in levels, for all pixels; None where the network says it for each pixel.
    """

    def __init__(self, deviation: float | None = None):
        self.deviation = deviation
        self.outputs = 1 if deviation else 2

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Nats of levels (...), of the numbers raw (..., outputs)."""
        raw = raw.float()
        scale = HALF / self.deviation if self.deviation else torch.exp(-raw[..., 1].clamp(-7, 3))
        centre = (target.float() + 0.5) / HALF - 1 - raw[..., 0]
        above, below = (centre + 0.5 / HALF) * scale, (centre - 0.5 / HALF) * scale
        # mirrored intervals weigh the same, and left of the middle log_ndtr keeps its digits however far out
        right = centre > 0
        upper, lower = log_ndtr(torch.where(right, -below, above)), log_ndtr(torch.where(right, -above, below))
        inner = upper + torch.log(-torch.expm1(lower - upper))
        outer = torch.where(target == LEVELS - 1, log_ndtr(-below), inner)
        return torch.where(target == 0, log_ndtr(above), outer)


class SoftmaxPixels(PixelOutput):
    """One logit a level, which knows nothing of the levels' order."""

    outputs = LEVELS

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Nats of levels (...), of the numbers raw (..., 256)."""
        return -heads.SoftmaxHead().nll(raw, target)

    def log_probs(self, raw: Tensor) -> Tensor:
        """Nats of all levels (..., 256), of the numbers raw (..., 256)."""
        return heads.SoftmaxHead().log_probs(raw)


class MixturePixels(PixelOutput):
    """Ten logistic densities integrated over each level's interval (Salimans et al. 2017, arXiv 1701.05517, eq. 2)."""

    def __init__(self) -> None:
        self.head = heads.LogisticMixtureHead()
        self.outputs = self.head.outputs

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Nats of levels (...), of the numbers raw (..., 30)."""
        return -self.head.nll(raw, target)

    @torch.no_grad()
    def begin(self, bias: Tensor) -> None:
        """Spread the densities over the levels, so that from the first step on each has pixels of its own."""
        _, mean, log_scale = bias.chunk(3)
        mean.copy_(torch.linspace(-0.9, 0.9, len(mean)))
        log_scale.fill_(-2.0)


def make_output(name: str, deviation: float) -> PixelOutput:
    """The output model that a config names: 'fixed' (of a deviation in levels), 'gaussian', 'softmax' or 'mixture'.

    Raises
    ------
    ValueError
        Where there is no such output model.
    """
    if name == "fixed":
        return GaussianPixels(deviation)
    made = {"gaussian": GaussianPixels, "softmax": SoftmaxPixels, "mixture": MixturePixels}
    if name not in made:
        raise ValueError(f"family.output = {name!r}: choose one of fixed, {', '.join(made)}")
    return made[name]()
