"""The evidence lower bound where the truth is known, the tutorial's bars, and the VAE on chunks of speech."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import tiny
from torch import Tensor, distributions, nn

from sottovoce.models.families import store, vae
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.vae import ChunkVAE, drawn_from, elbo, importance_bound, priced
from sottovoce.models.gaussian import STANDARD, Gaussian
from sottovoce.models.training.run import read_config, stage_settings, train
from sottovoce.models.wavenet.heads import LogisticMixture

TINY = {"kind": "vae", "chunk": 32, "size": 4, "channels": 8, "blocks": 2, "components": 3}


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def hermite(count: int, dimensions: int) -> tuple[Tensor, Tensor]:
    """Noise (count^D, D) and its shares, over which polynomials of a degree below 2 count have their true means."""
    nodes, shares = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(count))
    noise = torch.cartesian_prod(*[nodes] * dimensions)
    return noise, torch.cartesian_prod(*[shares / shares.sum()] * dimensions).prod(1)


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
        return NOISE.draw(torch.randn(count, 16)) + BARS[torch.randint(4, (count,))]

    for _ in range(800):
        explained, divergence = bound(pictures(64))
        optimiser.zero_grad()
        (priced(divergence, 1.0, 0.0) - explained.mean()).backward()
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


def made(scale: float = 1.5, **settings: Any) -> ChunkVAE:
    torch.manual_seed(0)
    family = make_family(TINY | settings)
    assert isinstance(family, ChunkVAE)
    with torch.no_grad():
        for value in family.parameters():  # networks say next to nothing at first
            value.mul_(scale)
    return family.eval()


def speech(batch: int, length: int, seed: int = 7) -> Tensor:
    return torch.randint(90, 166, (batch, length), generator=seeded(seed))


@pytest.mark.parametrize("length", [1, 2])
@torch.no_grad()
def test_given_latents_it_is_a_probability(length: int):
    family = made()
    every = torch.cartesian_prod(*[torch.arange(256)] * length).view(-1, length)
    chunks, there = family.chunks(every)
    z = torch.randn(1, 4, generator=seeded()).expand(len(every), -1)
    raw = family.decoder(z[:1]).mT[:, :length]
    each = family.head.log_probs(raw)[0].double()
    nats = family.log_likelihood(chunks, there, z).double()
    assert nats.exp().sum() == pytest.approx(1, abs=1e-4)
    assert torch.allclose(nats, sum(each[i, every[:, i]] for i in range(length)), atol=1e-4)


@torch.no_grad()
def test_all_one_sample_sequences_together_are_a_probability():
    """p(x, z) / q(z|x) has the mean p(x)."""
    every = torch.arange(256)[:, None]
    total = made().importance_bound(every, seeded(), draws=300).double().exp().sum()
    assert total == pytest.approx(1, abs=0.03)


@torch.no_grad()
def test_bounds_against_the_integral():
    family, x = made(scale=1.0, size=2), speech(1, 24)
    chunks, there = family.chunks(x)
    noise, shares = hermite(60, 2)
    given = family.log_likelihood(chunks.expand(len(noise), -1), there, noise.float())
    true = torch.logsumexp(given.double() + shares.log(), 0).item()
    many = x.expand(1000, -1)
    found = [family.importance_bound(many, seeded(k), draws=k).mean().item() for k in (1, 4, 32)]
    assert found == sorted(found) and found[0] < true - 0.15
    assert found[-1] == pytest.approx(true, abs=0.02)


@torch.no_grad()
def test_log_prob_is_the_elbo():
    family, x = made(), speech(2, 70)
    assert torch.equal(family.log_prob(x, seeded(1)), family.importance_bound(x, seeded(1), draws=1))
    assert not torch.equal(family.log_prob(x, seeded(1)), family.log_prob(x, seeded(2)))
    batch = {"x": x.repeat(2000, 1), **family.draws(4000, 70, seeded(3))}
    assert batch["noise"].shape == (4000, 3, 4)
    loss, figures = family.loss(batch)
    drawn = -family.log_prob(batch["x"], seeded(4)).mean() / (70 * math.log(2))
    assert loss == figures["bits_per_sample"] == pytest.approx(drawn.item(), abs=0.01)
    assert figures["latent_bits_per_sample"] == pytest.approx(family.latent_bits(x).mean().item() / 70, rel=1e-4)


@torch.no_grad()
def test_chunks_are_alone():
    family, x = made(), speech(2, 90)
    parts = x.split(32, 1)
    assert family.encode(x).shape == (2, 4, 3)
    assert torch.allclose(torch.cat([family.encode(part) for part in parts], 2), family.encode(x), atol=1e-6)
    assert torch.allclose(sum(family.latent_bits(part) for part in parts), family.latent_bits(x))


@pytest.mark.parametrize("draws", [1, 3])
def test_long_recordings_are_scored_in_blocks(draws: int, monkeypatch: pytest.MonkeyPatch):
    family, x = made(), speech(1, 90)
    bits, latents = family.latent_bits(x), family.encode(x)
    monkeypatch.setattr(vae, "BLOCK", 1)
    assert torch.allclose(family.latent_bits(x), bits) and torch.allclose(family.encode(x), latents, atol=1e-6)
    assert family.decode(latents, seeded()).shape == (1, 96)
    whole, generator = family.importance_bound(x, seeded(1), draws), seeded(1)
    parts = [family.importance_bound(part, generator, draws) for part in x.split(32, 1)]
    assert whole.item() == pytest.approx(sum(part.item() for part in parts))


@torch.no_grad()
def test_what_is_not_there_weighs_nothing():
    family, z = made(), torch.randn(2, 4, generator=seeded())
    chunks, there = family.chunks(speech(2, 40)[:, :20])
    assert chunks.shape == (2, 32) and there.sum(1).tolist() == [20, 20]
    other = torch.where(there.bool(), chunks, 3)
    assert torch.equal(family.log_likelihood(chunks, there, z), family.log_likelihood(other, there, z))


@torch.no_grad()
def test_classes_are_drawn_as_often_as_they_are_likely():
    raw = torch.tensor([0.3, -0.4, 0.1, -1.1, 0.0, 0.9, -1.5, -3.0, -0.5])
    drawn = drawn_from(raw.expand(2, 200_000, 9), seeded())
    share = torch.bincount(drawn.flatten(), minlength=256) / drawn.numel()
    chances = LogisticMixture(3).log_probs(raw).exp()
    assert (share - chances).abs().sum() < 0.03 and abs(share[0] - chances[0]) < 2e-3


def test_samples_and_completions():
    family, prompt = made(), speech(2, 50)
    assert torch.equal(family.sample(2, 70, seeded()), family.sample(2, 70, seeded()))
    assert not torch.equal(family.sample(2, 70, seeded()), family.sample(2, 70, seeded(1)))
    longer = family.complete(prompt, 70, seeded())
    assert torch.equal(longer, torch.cat((prompt, family.sample(2, 70, seeded())), 1))
    assert longer.dtype == torch.long and longer.min() >= 0 and longer.max() <= 255


def taught(family: ChunkVAE, steps: int) -> Tensor:
    """Bits of each latent, after training on sines."""
    family.train()
    optimiser = torch.optim.Adam(family.parameters(), 1e-2)
    generator = seeded()
    for _ in range(steps):
        phase = 2 * math.pi * torch.rand(32, 1, generator=generator)
        x = (128 + 80 * torch.sin(phase + 0.3 * torch.arange(32))).long()
        loss, _ = family.loss({"x": x, **family.draws(32, 32, generator)})
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return family.posterior(x).divergence(STANDARD).mean(0).detach() / math.log(2)


def test_free_bits_are_used_and_others_dear():
    dear = taught(made(weight=30.0), 100)
    free = taught(made(weight=30.0, free_bits=1.0), 100)
    cheap = taught(made(), 100)
    assert dear.sum() < 0.1
    assert free.min() > 0.7 and free.max() < 1.5
    assert cheap.sum() > 3


def test_priced():
    divergence = torch.tensor([[[0.0, 3.0], [2.0, 5.0]]]) * math.log(2)
    assert priced(divergence, 1.0, 0.0).item() == pytest.approx(5 * math.log(2))
    assert priced(divergence, 0.5, 2.0).item() == pytest.approx(0.5 * 6 * math.log(2))


def test_trained_stored_and_found(shards: Path, tmp_path: Path):
    settings = {"steps": 80, "batch": 8, "frames": 4, "learning_rate": 1e-2, "ema": 0.9, "check_batch": 8}
    train(tiny.write_family(tmp_path, shards, TINY, **settings))
    entries = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["bits_per_sample"] < entries[0]["bits_per_sample"] - 0.5
    family, about = store.load(tmp_path / "run" / "family.safetensors")
    assert TINY.items() <= about["family"].items() and about["steps"] == 80
    again = make_family(TINY)
    again.load_state_dict(family.state_dict())
    x = speech(2, 100)
    assert torch.equal(family.log_prob(x, seeded()), again.log_prob(x, seeded()))
    assert torch.equal(family.sample(1, 100, seeded()), again.sample(1, 100, seeded()))


@pytest.mark.parametrize("name", ["vae", "vae-free"])
def test_the_configs_in_the_box(name: str):
    config = read_config(f"families/{name}")
    settings = stage_settings(config, "family")
    family = make_family(config["family"])
    assert isinstance(family, ChunkVAE) and not family.exact
    assert (family.free_bits > 0) == (name == "vae-free")
    assert settings["frames"] * 160 % family.chunk == 0
    assert 2 * store.parameters(family) < 600_000


@pytest.mark.parametrize("settings", [{"chunk": 40}, {"size": 3}, {"colour": 1}])
def test_settings_that_are_none(settings: dict[str, Any]):
    with pytest.raises(ValueError, match=r"multiple|colour"):
        made(**settings)
