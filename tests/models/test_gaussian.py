"""Diagonal Gaussians against other people's and against what integrals say."""

import math

import numpy as np
import pytest
import torch
from torch import distributions

from sottovoce.models.gaussian import STANDARD, Gaussian


def some(count: int = 7, seed: int = 0) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, 3, count, generator=generator, dtype=torch.double)
    return Gaussian(mean, log_variance)


def known(gaussian: Gaussian) -> distributions.Normal:
    return distributions.Normal(gaussian.mean, torch.exp(gaussian.log_variance / 2))


def test_density():
    z = torch.randn(3, 7, generator=torch.Generator().manual_seed(2), dtype=torch.double)
    assert torch.allclose(some().log_prob(z), known(some()).log_prob(z))
    assert torch.allclose(STANDARD.log_prob(z), distributions.Normal(0.0, 1.0).log_prob(z))


def test_divergence():
    a, b = some(), some(seed=1)
    assert torch.allclose(a.divergence(b), distributions.kl_divergence(known(a), known(b)))
    assert torch.allclose(a.divergence(STANDARD), distributions.kl_divergence(known(a), distributions.Normal(0.0, 1.0)))
    assert torch.all(a.divergence(b) > 0) and not a.divergence(a).any()


def test_divergence_is_an_integral():
    a, b = some(), some(seed=1)
    z = torch.linspace(-40, 40, 200_001, dtype=torch.double).view(-1, 1, 1)
    log_a = a.log_prob(z)
    integral = torch.trapezoid(log_a.exp() * (log_a - b.log_prob(z)), z, dim=0)
    assert torch.allclose(integral, a.divergence(b), rtol=1e-6)


def test_draws_have_its_moments():
    noise = torch.randn(100_000, 3, 7, generator=torch.Generator().manual_seed(3), dtype=torch.double)
    drawn = some().sample(noise)
    assert torch.allclose(drawn.mean(0), some().mean, atol=0.05)
    assert torch.allclose(drawn.var(0).log(), some().log_variance, atol=0.05)


def test_gradients_pass_through_draws():
    """E cos z = exp(-s^2 / 2) cos m has known slopes; noise at Hermite's nodes makes the mean over draws exact."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(40)
    mean, log_variance = torch.tensor([[0.4], [-0.7]], dtype=torch.double).requires_grad_().unbind()
    drawn = Gaussian(mean, log_variance).sample(torch.from_numpy(nodes))
    expected = (drawn.cos() * torch.from_numpy(shares / shares.sum())).sum()
    by_mean, by_log_variance = torch.autograd.grad(expected, (mean, log_variance))
    m, variance = mean.item(), math.exp(log_variance.item())
    assert expected.item() == pytest.approx(math.exp(-variance / 2) * math.cos(m))
    assert by_mean.item() == pytest.approx(-math.exp(-variance / 2) * math.sin(m))
    assert by_log_variance.item() == pytest.approx(-variance / 2 * math.exp(-variance / 2) * math.cos(m))


def test_what_networks_say_is_bounded():
    moments = torch.tensor([1.0, 2.0, -1e4, 1e4], dtype=torch.bfloat16)
    gaussian = Gaussian.of(moments)
    assert gaussian.mean.tolist() == [1, 2] and gaussian.log_variance.tolist() == [-12, 8]
    assert gaussian.mean.dtype == torch.float32
    assert torch.isfinite(gaussian.divergence(STANDARD)).all()
