"""The evidence lower bound against likelihoods that can be had exactly."""

import math

import pytest
import torch
from helpers.quadrature import hermite
from torch import Tensor, distributions, nn

from sottovoce.models.families.vae import elbo, importance_bound, kl_penalty
from sottovoce.models.gaussian import Gaussian


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


class Linear:
    """x = W z + b + noise, z standard normal, and all that is known of it; W's columns are orthogonal."""

    def __init__(self) -> None:
        directions = torch.linalg.qr(torch.randn(5, 2, generator=seeded(), dtype=torch.double)).Q
        self.w, self.variance = directions * torch.tensor([2.0, 0.7], dtype=torch.double), 0.3
        self.b = torch.arange(5, dtype=torch.double)
        self.x = torch.tensor([1.0, -0.5, 3.0, 2.0, 5.0], dtype=torch.double)
        covariance = self.w @ self.w.T + self.variance * torch.eye(5, dtype=torch.double)
        self.log_prob = distributions.MultivariateNormal(self.b, covariance).log_prob(self.x)
        precision = 1 + (self.w**2).sum(0) / self.variance
        self.posterior = Gaussian((self.x - self.b) @ self.w / self.variance / precision, -precision.log())
        self.other = Gaussian(self.posterior.mean + 0.3, self.posterior.log_variance + 0.8)

    def log_likelihood(self, z: Tensor) -> Tensor:
        given = Gaussian(z @ self.w.T + self.b, torch.tensor(math.log(self.variance), dtype=torch.double))
        return given.log_prob(self.x).sum(-1)


def test_with_the_true_posterior_every_draw_gives_the_likelihood():
    model = Linear()
    for draws in (1, 7):
        noises = torch.randn(draws, 1000, 2, generator=seeded(1), dtype=torch.double)
        bound = importance_bound(model.posterior, model.log_likelihood, noises)
        assert bound.shape == (1000,) and torch.allclose(bound, model.log_prob, rtol=1e-12)


@pytest.mark.parametrize("which", ["posterior", "other"])
def test_the_elbo_lacks_the_divergence_from_the_true_posterior(which: str):
    model = Linear()
    q = getattr(model, which)
    noise, shares = hermite(3, 2)
    explained, paid = elbo(q, model.log_likelihood, noise)
    lacking = q.divergence(model.posterior).sum()
    assert (lacking > 0.3) == (which == "other")
    assert ((explained * shares).sum() - paid.sum()).item() == pytest.approx((model.log_prob - lacking).item())
    drawn = importance_bound(q, model.log_likelihood, [noise])
    assert ((drawn * shares).sum()).item() == pytest.approx((model.log_prob - lacking).item())


def test_the_elbo_rises_towards_the_true_posterior():
    """Its gradients are those of -KL(q || posterior), in closed form."""
    model = Linear()
    mean, log_variance = (v.clone().requires_grad_() for v in (model.other.mean, model.other.log_variance))
    noise, shares = hermite(3, 2)
    explained, paid = elbo(Gaussian(mean, log_variance), model.log_likelihood, noise)
    by_mean, by_log_variance = torch.autograd.grad((explained * shares).sum() - paid.sum(), (mean, log_variance))
    precision = torch.exp(-model.posterior.log_variance)
    assert torch.allclose(by_mean, -0.3 * precision)
    assert torch.allclose(by_log_variance, torch.full_like(mean, -(math.exp(0.8) - 1) / 2))


def test_more_draws_come_nearer_to_the_likelihood():
    model = Linear()
    means = []
    for draws in (1, 2, 5, 20, 200):
        noises = torch.randn(draws, 20_000, 2, generator=seeded(draws), dtype=torch.double)
        means.append(importance_bound(model.other, model.log_likelihood, noises).mean().item())
    assert means == sorted(means)
    assert means[0] < model.log_prob - 0.5 and means[-1] == pytest.approx(model.log_prob.item(), abs=0.01)


BARS = torch.eye(4).repeat(1, 4)
"""The tutorial's pictures of 4 x 4 pixels, bright in one column."""
NOISE = Gaussian(torch.zeros(()), torch.tensor(2 * math.log(0.1)))


@pytest.mark.parametrize("seed", [0, 1])
def test_one_latent_tells_the_bars_apart(seed: int):
    """Slides "2 minute exercise" to "ELBO": sixteen pixels, one number."""
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 2))
    decoder = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 16))
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-2)

    def bound(x: Tensor) -> tuple[Tensor, Tensor]:
        def log_likelihood(z: Tensor) -> Tensor:
            return NOISE.log_prob(x - decoder(z)).sum(-1)

        return elbo(Gaussian.of(encoder(x)), log_likelihood, torch.randn(len(x), 1))

    def pictures(count: int) -> Tensor:
        return NOISE.sample(torch.randn(count, 16)) + BARS[torch.randint(4, (count,))]

    for _ in range(800):
        explained, divergence = bound(pictures(64))
        optimiser.zero_grad()
        (kl_penalty(divergence, 1.0, 0.0) - explained.mean()).backward()
        optimiser.step()
    with torch.no_grad():
        posterior = Gaussian.of(encoder(BARS))
        order = posterior.mean[:, 0].argsort()
        apart = posterior.mean[order, 0].diff()
        off = torch.cdist(decoder(torch.linspace(-2.5, 2.5, 501)[:, None]), BARS) / 4
        x = pictures(4000)
        explained, divergence = bound(x)
        true = torch.logsumexp(NOISE.log_prob(x[:, None] - BARS).sum(-1), 1) - math.log(4)
    assert apart.min() > 5 * torch.exp(posterior.log_variance / 2).max()
    # the line leads from bar to bar, each once and each as the tutorial draws it
    nearest, which = off.min(1)
    assert torch.equal(which[nearest < 0.15].unique_consecutive(), order)
    assert off.min(0).values.max() < 0.06
    # which of four is two bits; a Gaussian is no quarter of the prior, and that costs
    assert 2 < divergence.mean() / math.log(2) < 5.5
    assert 0 < true.mean() - (explained - divergence[:, 0]).mean() < 4
