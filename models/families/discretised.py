"""How a sample is spread about its prediction: logistic distributions over the intervals of the mu-law classes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.classes import CLASSES, samples

FAR = 1e6  # for infinity, whose gradients are no numbers
UNIFORM = 2.0**-12  # of the probability is the same for all classes: no sample costs more than 20 bits
THIN = 8
BLOCK = 2048


class Logistics(nn.Module):
    """A mixture of logistic distributions about one mean, integrated over each class's interval of amplitudes.

    The outermost intervals reach to infinity, so all classes together have probability one (as over pixels in
    PixelCNN++, Salimans et al. 2017, eq. 2). A component's scale is the product of its own and of powers of what is
    known of the sample's loudness.

    Parameters
    ----------
    components : int
    clues : int
        How many figures of loudness there are for each sample.
    """

    edges: Tensor

    def __init__(self, components: int, clues: int):
        super().__init__()
        inner = samples(torch.arange(CLASSES - 1) + 0.5)
        self.register_buffer("edges", F.pad(F.pad(inner, (1, 0), value=-FAR), (0, 1), value=FAR), persistent=False)
        self.scales = nn.Parameter(torch.linspace(-1, 1, components + 2)[1:-1])  # natural logs
        self.shares = nn.Parameter(torch.zeros(components))  # natural logs, but for one constant
        self.powers = nn.Parameter(torch.full((clues,), 1 / max(clues, 1)))

    def log_prob(self, x: Tensor, mean: Tensor, clues: Tensor) -> Tensor:
        """Nats of classes x (...), from means (...) and natural logs of loudness (..., clues), in float64."""
        return self._interval(self.edges[x], self.edges[x + 1], mean, clues)

    def logits(self, mean: Tensor, clues: Tensor) -> Tensor:
        """Nats of all classes (B, T, 256), float32, from means (B, T) and natural logs of loudness (B, T, clues)."""
        parts = zip(mean.split(BLOCK, 1), clues.split(BLOCK, 1), strict=True)
        low, high = self.edges[:-1], self.edges[1:]
        return torch.cat([self._interval(low, high, m[..., None], c[..., None, :]).float() for m, c in parts], 1)

    def _interval(self, low: Tensor, high: Tensor, mean: Tensor, clues: Tensor) -> Tensor:
        scale = torch.exp(self.scales.double() + (clues @ self.powers.double())[..., None])
        a, b = (low - mean)[..., None] / scale, (high - mean)[..., None] / scale
        # s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)), which is as exact in the tails as in the middle
        each = F.logsigmoid(b) + F.logsigmoid(-a) + torch.log(-torch.expm1(a - b))
        mixed = torch.logsumexp(F.log_softmax(self.shares.double(), 0) + each, -1)
        floor = math.log(UNIFORM / CLASSES)
        return torch.logaddexp(mixed + math.log1p(-UNIFORM), torch.full_like(mixed, floor))

    @torch.enable_grad()
    def fit(self, x: Tensor, mean: Tensor, clues: Tensor) -> None:
        """Set all parameters to maximum likelihood (L-BFGS), on classes (n,) of which every eighth is heard.

        They end as numbers of half precision, which is what is stored.
        """
        x, mean, clues = x[::THIN], mean[::THIN], clues[::THIN]
        with torch.no_grad():
            size = (self.edges[x].clamp(-1, 1) - mean).abs().mean()
            loudness = (clues @ self.powers.double()).exp().mean()
            self.scales.add_(torch.log(size / loudness))
        optimiser = torch.optim.LBFGS(self.parameters(), max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimiser.zero_grad()
            nats = -self.log_prob(x, mean, clues).mean()
            nats.backward()
            return nats

        optimiser.step(loss)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(parameter.half())
