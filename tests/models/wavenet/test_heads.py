"""Distributions over the classes: they sum to one, their likelihood is right, their gradients are finite."""

import pytest
import torch
from torch.nn import functional as F

from sottovoce.models.wavenet.heads import CLASSES, LogisticMixtureHead, SoftmaxHead, make_head

NAMES = ["softmax", "mixture"]


def raws(outputs: int) -> torch.Tensor:
    """Parameters from tame to wild, (6, 8, outputs)."""
    torch.manual_seed(0)
    return torch.randn(6, 8, outputs) * torch.tensor([0.1, 0.5, 1.0, 2.0, 4.0, 8.0])[:, None, None]


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_sum_to_one(name: str):
    head = make_head(name)
    probabilities = head.log_probs(raws(head.outputs)).exp()
    assert probabilities.shape == (6, 8, CLASSES)
    assert torch.allclose(probabilities.sum(-1), torch.ones(6, 8), atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_likelihood_is_that_of_the_enumeration(name: str):
    head = make_head(name)
    raw, target = raws(head.outputs), torch.randint(0, CLASSES, (6, 8))
    enumerated = head.log_probs(raw).gather(-1, target[..., None])[..., 0]
    assert torch.allclose(head.nll(raw, target), -enumerated, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("components", [1, 3])
def test_mixture_is_the_mass_of_its_intervals(components: int):
    """In float64, by the definition."""
    head = LogisticMixtureHead(components)
    raw = raws(head.outputs)[:5].double()
    weight, mean, log_scale = raw.chunk(3, -1)
    edges = torch.linspace(-1, 1, CLASSES + 1, dtype=torch.double)
    edges[0], edges[-1] = -torch.inf, torch.inf
    # the survival side keeps the right tail's digits
    x = (edges - mean[..., None]) * torch.exp(-log_scale.clamp(-7, 3))[..., None]
    left, right = torch.sigmoid(x).diff(dim=-1), -torch.sigmoid(-x).diff(dim=-1)
    mass = torch.where(x[..., 1:] + x[..., :-1] > 0, right, left)
    expected = torch.log((F.softmax(weight, -1)[..., None] * mass).sum(-2))
    found = head.log_probs(raw.float()).double()
    likely = expected > -30
    assert likely.float().mean() > 0.3
    assert torch.allclose(found[likely], expected[likely], rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("scale", [-9.0, -5.0, 0.0, 5.0])
@pytest.mark.parametrize("mean", [-30.0, -1.0, 0.0, 1.0, 30.0])
def test_gradients_in_the_tails_are_finite(mean: float, scale: float):
    head = LogisticMixtureHead(2)
    raw = torch.tensor([0.0, 1.0, mean, mean, scale, scale]).expand(CLASSES, 6).clone().requires_grad_()
    nll = head.nll(raw, torch.arange(CLASSES))
    nll.sum().backward()
    assert torch.isfinite(nll).all() and (nll >= -1e-6).all()
    assert raw.grad is not None and torch.isfinite(raw.grad).all()


def test_mixture_is_pulled_towards_the_target():
    head = LogisticMixtureHead(1)
    raw = torch.tensor([[0.0, 0.9, -6.0]], requires_grad=True)  # certain of the wrong place
    head.nll(raw, torch.tensor([20])).sum().backward()
    assert raw.grad is not None and raw.grad[0, 1] > 1 and raw.grad[0, 2] < -1


def test_unknown_head():
    with pytest.raises(ValueError, match="softmax, mixture"):
        make_head("gaussian")
    assert isinstance(make_head("softmax"), SoftmaxHead)
