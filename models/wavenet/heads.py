"""Output distributions of the WaveNet over the 256 mu-law classes: softmax, or a mixture of logistics."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.wavenet.units import CLASSES


class SoftmaxHead:
    """One logit a class (arXiv 1609.03499, section 2.2)."""

    outputs = CLASSES

    def log_probs(self, raw: Tensor) -> Tensor:
        """Map outputs `raw` (..., 256) to log-probabilities in nats (..., 256)."""
        return F.log_softmax(raw.float(), -1)

    def nll(self, raw: Tensor, target: Tensor) -> Tensor:
        """Negative log-likelihood in nats; raw (..., 256), target integer (...)."""
        return F.cross_entropy(raw.float().flatten(0, -2), target.flatten(), reduction="none").view(target.shape)


class LogisticMixtureHead:
    """Discretised mixture of logistics (Salimans et al. 2017, arXiv 1701.05517, eq. 2) on the companded axis.

    Each class is an interval of width 2/256 of [-1, 1]; the two outermost reach to infinity, so the
    probabilities sum to one.
    """

    def __init__(self, components: int = 10):
        self.outputs = 3 * components

    @staticmethod
    def _log_prob_of(raw: Tensor, target: Tensor) -> Tensor:
        weight, mean, log_scale = raw.float().chunk(3, -1)
        inverse = torch.exp(-log_scale.clamp(-7, 3))
        centre = ((target.float() + 0.5) / (CLASSES / 2) - 1)[..., None]
        above = (centre + 1 / CLASSES - mean) * inverse
        below = (centre - 1 / CLASSES - mean) * inverse
        first, last = (target == 0)[..., None], (target == CLASSES - 1)[..., None]
        # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)): no digits are lost in the tails
        width = torch.log(-torch.expm1(-inverse * (2 / CLASSES)))
        upper, lower = F.logsigmoid(above), F.logsigmoid(-below)
        each = torch.where(first, upper, torch.where(last, lower, upper + lower + width))
        return torch.logsumexp(F.log_softmax(weight, -1) + each, -1)

    def log_probs(self, raw: Tensor) -> Tensor:
        """Map outputs `raw` (..., 3 x components) to log-probabilities in nats (..., 256)."""
        classes = torch.arange(CLASSES, device=raw.device).expand(*raw.shape[:-1], CLASSES)
        return self._log_prob_of(raw[..., None, :], classes)

    def nll(self, raw: Tensor, target: Tensor) -> Tensor:
        """Negative log-likelihood in nats; raw (..., 3 x components), target integer (...)."""
        return -self._log_prob_of(raw, target)


def make_head(name: str) -> SoftmaxHead | LogisticMixtureHead:
    """The head that a config names: 'softmax' or 'mixture'."""
    heads = {"softmax": SoftmaxHead, "mixture": LogisticMixtureHead}
    if name not in heads:
        raise ValueError(f"head {name!r}: choose one of {', '.join(heads)}")
    return heads[name]()
