"""Output distributions of a pixel over its 256 levels: fixed and learned Gaussian, softmax, mixture of logistics."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.special import log_ndtr

from sottovoce.models.families.mel import LEVELS
from sottovoce.models.wavenet import heads

HALF = LEVELS / 2
"""Levels per unit: levels 0..255 are mapped to intervals of [-1, 1]."""


class PixelOutput(ABC):
    """Distribution over levels, parametrised by `outputs` numbers per pixel."""

    outputs: int

    @abstractmethod
    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Log-probability in nats of levels (...), given parameters raw (..., outputs)."""

    def log_probs(self, raw: Tensor) -> Tensor:
        """Log-probabilities in nats of all levels (..., 256), given parameters raw (..., outputs)."""
        levels = torch.arange(LEVELS, device=raw.device).expand(*raw.shape[:-1], LEVELS)
        return self.log_prob(raw[..., None, :], levels)

    def init_bias(self, bias: Tensor) -> None:  # noqa: B027
        """Initialise the bias (outputs,) of the output layer; no change by default."""


class GaussianPixels(PixelOutput):
    """Normal density integrated over the interval of each level; the outermost intervals extend to infinity.

    Parameters
    ----------
    deviation : float, optional
        Standard deviation in levels of all pixels; by default the network predicts it for each pixel.
    """

    def __init__(self, deviation: float | None = None):
        self.deviation = deviation
        self.outputs = 1 if deviation else 2

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Log-probability in nats of levels (...), given parameters raw (..., outputs)."""
        raw = raw.float()
        scale = HALF / self.deviation if self.deviation else torch.exp(-raw[..., 1].clamp(-7, 3))
        centre = (target.float() + 0.5) / HALF - 1 - raw[..., 0]
        above, below = (centre + 0.5 / HALF) * scale, (centre - 0.5 / HALF) * scale
        # mirror intervals right of the mean to the left, where log_ndtr is accurate however far out
        right = centre > 0
        upper, lower = log_ndtr(torch.where(right, -below, above)), log_ndtr(torch.where(right, -above, below))
        inner = upper + torch.log(-torch.expm1(lower - upper))
        outer = torch.where(target == LEVELS - 1, log_ndtr(-below), inner)
        return torch.where(target == 0, log_ndtr(above), outer)


class SoftmaxPixels(PixelOutput):
    """Softmax with one logit per level, without any notion of the order of levels."""

    outputs = LEVELS

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Log-probability in nats of levels (...), given logits raw (..., 256)."""
        return -heads.SoftmaxHead().nll(raw, target)

    def log_probs(self, raw: Tensor) -> Tensor:
        """Log-probabilities in nats of all levels (..., 256), given logits raw (..., 256)."""
        return heads.SoftmaxHead().log_probs(raw)


class MixturePixels(PixelOutput):
    """Mixture of ten logistic densities, integrated over intervals (Salimans et al. 2017, arXiv 1701.05517, eq. 2)."""

    def __init__(self) -> None:
        self.head = heads.LogisticMixtureHead()
        self.outputs = self.head.outputs

    def log_prob(self, raw: Tensor, target: Tensor) -> Tensor:
        """Log-probability in nats of levels (...), given parameters raw (..., 30)."""
        return -self.head.nll(raw, target)

    @torch.no_grad()
    def init_bias(self, bias: Tensor) -> None:
        """Spread the means over the levels, so that every component has pixels from the first step on."""
        _, mean, log_scale = bias.chunk(3)
        mean.copy_(torch.linspace(-0.9, 0.9, len(mean)))
        log_scale.fill_(-2.0)


def make_output(name: str, deviation: float) -> PixelOutput:
    """Build an output distribution by its name in a config: 'fixed', 'gaussian', 'softmax' or 'mixture'.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name == "fixed":
        return GaussianPixels(deviation)
    made = {"gaussian": GaussianPixels, "softmax": SoftmaxPixels, "mixture": MixturePixels}
    if name not in made:
        raise ValueError(f"family.output = {name!r}: choose one of fixed, {', '.join(made)}")
    return made[name]()
