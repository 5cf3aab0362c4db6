"""The VAE on chunks of speech."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny
from helpers.quadrature import hermite
from torch import Tensor

from sottovoce.models.families import store, vae
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.vae import ChunkVAE, kl_penalty, sample_logistic_mixture
from sottovoce.models.gaussian import STANDARD
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.run import stage_settings, train
from sottovoce.models.wavenet.heads import LogisticMixtureHead

TINY = {"kind": "vae", "chunk": 32, "size": 4, "channels": 8, "blocks": 2, "components": 3}


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


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
    batch = {"x": x.repeat(2000, 1), **family.sample_noise(4000, 70, seeded(3))}
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
    drawn = sample_logistic_mixture(raw.expand(2, 200_000, 9), seeded())
    share = torch.bincount(drawn.flatten(), minlength=256) / drawn.numel()
    chances = LogisticMixtureHead(3).log_probs(raw).exp()
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
        loss, _ = family.loss({"x": x, **family.sample_noise(32, 32, generator)})
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
    assert kl_penalty(divergence, 1.0, 0.0).item() == pytest.approx(5 * math.log(2))
    assert kl_penalty(divergence, 0.5, 2.0).item() == pytest.approx(0.5 * 6 * math.log(2))


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
