"""Mixture of logistic distributions for a prediction residual, discretised to the mu-law classes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.classes import CLASSES, to_amplitudes

FAR = 1e6  # in place of infinity, whose gradients are not finite
UNIFORM = 2.0**-12  # weight of a uniform component: no sample costs more than 20 bits
THIN = 8  # one sample in this many is used by `fit`
BLOCK = 2048  # samples per block in `logits`, which bounds memory


class LogisticMixture(nn.Module):
    """A mixture of logistic distributions with a common mean, integrated over the amplitude interval of each class.

    The outermost intervals extend to infinity, so that the probabilities sum to one (PixelCNN++, Salimans et al. 2017,
    arXiv 1701.05517, eq. 2). The scale of a component is its own scale times powers of the loudness features.

    Parameters
    ----------
    components : int
        Number of logistic components.
    loudness_features : int
        Number of loudness estimates per sample.
    """

    edges: Tensor

    def __init__(self, components: int, loudness_features: int):
        super().__init__()
        inner = to_amplitudes(torch.arange(CLASSES - 1) + 0.5)
        self.register_buffer("edges", F.pad(F.pad(inner, (1, 0), value=-FAR), (0, 1), value=FAR), persistent=False)
        self.scales = nn.Parameter(torch.linspace(-1, 1, components + 2)[1:-1])  # natural log of the scales
        self.shares = nn.Parameter(torch.zeros(components))  # logits of the weights
        self.powers = nn.Parameter(torch.full((loudness_features,), 1 / max(loudness_features, 1)))

    def log_prob(self, x: Tensor, mean: Tensor, loudness: Tensor) -> Tensor:
        """Log-probability in nats (float64) of classes x (...), given means (...) and log loudness (..., features)."""
        return self._interval(self.edges[x], self.edges[x + 1], mean, loudness)

    def logits(self, mean: Tensor, loudness: Tensor) -> Tensor:
        """Log-probabilities (B, T, 256), float32, given means (B, T) and log loudness (B, T, features)."""
        parts = zip(mean.split(BLOCK, 1), loudness.split(BLOCK, 1), strict=True)
        low, high = self.edges[:-1], self.edges[1:]
        return torch.cat([self._interval(low, high, m[..., None], c[..., None, :]).float() for m, c in parts], 1)

    def _interval(self, low: Tensor, high: Tensor, mean: Tensor, loudness: Tensor) -> Tensor:
        scale = torch.exp(self.scales.double() + (loudness @ self.powers.double())[..., None])
        a, b = (low - mean)[..., None] / scale, (high - mean)[..., None] / scale
        # s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)), which is as exact in the tails as in the middle
        each = F.logsigmoid(b) + F.logsigmoid(-a) + torch.log(-torch.expm1(a - b))
        mixed = torch.logsumexp(F.log_softmax(self.shares.double(), 0) + each, -1)
        floor = math.log(UNIFORM / CLASSES)
        return torch.logaddexp(mixed + math.log1p(-UNIFORM), torch.full_like(mixed, floor))

    @torch.enable_grad()
    def fit(self, x: Tensor, mean: Tensor, loudness: Tensor) -> None:
        """Maximum-likelihood estimate of all parameters by L-BFGS, on every THIN-th of the classes x (n,).

        The parameters are rounded to float16, as they are stored.
        """
        x, mean, loudness = x[::THIN], mean[::THIN], loudness[::THIN]
        with torch.no_grad():
            size = (self.edges[x].clamp(-1, 1) - mean).abs().mean()
            scale = (loudness @ self.powers.double()).exp().mean()
            self.scales.add_(torch.log(size / scale))
        optimiser = torch.optim.LBFGS(self.parameters(), max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimiser.zero_grad()
            nats = -self.log_prob(x, mean, loudness).mean()
            nats.backward()
            return nats

        optimiser.step(loss)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(parameter.half())
