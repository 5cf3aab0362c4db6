"""The WaveNet that is told latents: what it says is a probability, what its latents cost, and that it can collapse."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributions

from sottovoce.models.families import stepping, store
from sottovoce.models.families.base import shift_right
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.latent import LatentWaveNet
from sottovoce.models.families.stepping import WaveNetStepper, continue_sampling
from sottovoce.models.families.train import DEFAULTS, family_experiment

KINDS: dict[str, dict[str, Any]] = {
    "ae": {"kind": "ae", "size": 3},
    "vae": {"kind": "vae", "size": 5},
    "vq": {"kind": "vq", "size": 4, "codes": 16},
    "rvq": {"kind": "rvq", "size": 4, "bits": [3, 2]},
}
SPEAKER_BITS = 5


def table(name: str, **settings: Any) -> dict[str, Any]:
    return {
        "kind": "latent-wavenet", "bottleneck": KINDS[name], "widths": [8, 8, 8], "blocks": [1, 1, 1],
        "speaker": 4, "speaker_bits": [3, 2], "speaker_channels": 4, "channels": 8, "cycles": 2, "dilations": 4,
        "condition": 8,
    } | settings  # fmt: skip


def made(kind: str, **settings: Any) -> LatentWaveNet:
    torch.manual_seed(0)
    family = make_family(table(kind, **settings))
    assert isinstance(family, LatentWaveNet)
    for name, value in family.state_dict().items():
        if isinstance(value, torch.Tensor) and "mix" in name:
            torch.nn.init.normal_(value, std=0.1)  # residual blocks start as identities
    torch.nn.init.normal_(family.encoder.layers[-1].weight)
    return family.eval()


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def speech(batch: int, length: int) -> torch.Tensor:
    """Noise, softer in each row than in the one before."""
    steps = torch.randint(-60, 61, (batch, length), generator=seeded(7))
    return 128 + steps // torch.arange(1, batch + 1)[:, None]


def training_batch(family: LatentWaveNet, batch: int = 3, length: int = 1600) -> dict[str, torch.Tensor]:
    draws = family.sample_noise(batch, length, seeded())
    return {"x": speech(batch, length), "reference": speech(batch, 3200), **draws}


def random_conditioning(family: LatentWaveNet, batch: int, frames: int) -> torch.Tensor:
    return torch.randn(batch, frames, family.adapter.out.out_features, generator=seeded())


@pytest.mark.parametrize("length", [1, 2])
@torch.no_grad()
def test_given_latents_it_is_a_probability(length: int):
    family = made("vq")
    every = torch.cartesian_prod(*[torch.arange(256)] * length).view(-1, length)
    logits = family(every, random_conditioning(family, 1, 1).expand(len(every), -1, -1))
    each = logits.double().log_softmax(-1).gather(2, every[:, :, None]).sum((1, 2))
    assert each.exp().sum() == pytest.approx(1, abs=1e-5)


def test_the_bound_is_one():
    """Codes and their costs are a probability too, so that what is said of all sequences cannot sum to more than 1."""
    every = torch.arange(256)[:, None]
    family = made("vq")
    total = family.log_prob(every).double().exp().sum()
    assert 0 < total <= 2.0 ** -(math.log2(16) + SPEAKER_BITS) * (1 + 1e-4) * 256


@pytest.mark.parametrize("length", [1, 159, 320, 1700])
@pytest.mark.parametrize("bottleneck", KINDS)
@torch.no_grad()
def test_log_prob_is_likelihood_less_cost(bottleneck: str, length: int):
    family, x = made(bottleneck), speech(2, length)
    whole = family.padded(x)
    noise = torch.randn(2, family.bottleneck.size, whole.shape[1] // 320, generator=seeded(1))
    latents = family.quantise(whole, noise)[0]
    nll = family.nll(whole, latents, family.speaker_vectors(whole)[0])[:, :length].sum(1)
    bits = -family.log_prob(x, seeded(1)) / math.log(2)
    assert torch.allclose(bits, nll + family.latent_bits(x), rtol=1e-5)


@torch.no_grad()
def test_long_recordings_are_scored_in_blocks(monkeypatch: pytest.MonkeyPatch):
    family, x = made("vq"), speech(1, 5000)
    whole = family.log_prob(x)
    monkeypatch.setattr(stepping, "BLOCK", 3)
    assert torch.allclose(family.log_prob(x), whole, rtol=1e-6)


@pytest.mark.parametrize(("rate", "steps"), [(50, 5), (25, 3)])
@torch.no_grad()
def test_cost_is_what_the_bottleneck_says(rate: int, steps: int):
    x = speech(2, 1599)
    costs = {"ae": 3 * 32, "vq": 4, "rvq": 5}
    for bottleneck, each in costs.items():
        family = made(bottleneck, rate=rate)
        assert family.latent_rate == rate
        assert family.latent_bits(x).tolist() == [steps * each + SPEAKER_BITS] * 2
    family = made("vae", rate=rate)
    q = posterior(family, x)
    divergence = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum((1, 2)) / math.log(2)
    assert torch.allclose(family.latent_bits(x), divergence + SPEAKER_BITS, rtol=1e-4)


def posterior(family: LatentWaveNet, x: torch.Tensor) -> distributions.Normal:
    mean, log_variance = family.bottleneck.moments(family.encoder(family.features(family.padded(x)))).chunk(2, 1)
    return distributions.Normal(mean, torch.exp(log_variance / 2))


@torch.no_grad()
def test_the_loss_of_a_vae_is_the_elbo():
    family = made("vae")
    family.speaker_code.commitment = 0.0
    batch = training_batch(family)
    q, x = posterior(family, batch["x"]), batch["x"]
    z = q.mean + q.stddev * batch["noise"]
    logits = family(x, family.conditioning(z, family.speaker_vectors(batch["reference"])[0]))
    likelihood = distributions.Categorical(logits=logits).log_prob(x).sum()
    elbo = likelihood - distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum()
    loss, figures = family.loss(batch)
    assert float(loss) == pytest.approx(float(-elbo) / (math.log(2) * x.numel()), rel=1e-5)
    assert figures["bits_per_sample"] == pytest.approx(float(loss), rel=1e-5)


@torch.no_grad()
def test_free_bits_and_weight_change_the_loss_but_not_the_figures():
    figures, losses = [], []
    for changes in ({}, {"weight": 0.5}, {"free_bits": 40.0}):
        family = made("vae", bottleneck=KINDS["vae"] | changes)
        family.speaker_code.commitment = 0.0
        loss, log = family.loss(training_batch(family))
        losses.append(float(loss - log["nll_bits"]) * 320)
        figures.append({key: float(value) for key, value in log.items()})
    assert figures[0] == figures[1] == figures[2]
    bits = figures[0]["bits_per_step"]
    assert losses == pytest.approx([bits, bits / 2, 40.0], rel=1e-2)


@pytest.mark.parametrize("bottleneck", KINDS)
@torch.no_grad()
def test_without_a_way_from_the_latents_the_gap_is_zero(bottleneck: str):
    family = made(bottleneck)
    for bias in (family.adapter.hidden.bias, family.adapter.out.bias):
        torch.nn.init.ones_(bias)  # no unit sleeps
    for layer in (family.wavenet.condition, family.wavenet.head1, family.wavenet.head2):
        torch.nn.init.normal_(layer.weight)
    batch = training_batch(family)
    assert abs(float(family.loss(batch)[1]["gap_bits"])) > 1e-6
    family.adapter.hidden.weight[:, : family.conditioner.size] = 0
    assert family.loss(batch)[1]["gap_bits"] == 0
    family.train()
    assert "gap_bits" not in family.loss(batch)[1]


@pytest.mark.parametrize("bottleneck", KINDS)
def test_the_encoder_learns_from_the_likelihood(bottleneck: str):
    family = made(bottleneck).train()
    family.loss(training_batch(family, length=480))[0].backward()  # a stretch need not be whole steps
    for parameter in (*family.encoder.parameters(), *family.speaker.parameters()):
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any()


@torch.no_grad()
def test_stepwise_is_all_at_once():
    family, x = made("vq"), speech(2, 480)
    condition = random_conditioning(family, 2, 3)
    steps, found = WaveNetStepper(family.wavenet, 2), []
    for t, last in enumerate(shift_right(x).unbind(1)):
        if t % 160 == 0:
            steps.set_condition(condition[:, t // 160])
        found.append(steps(last[:, None]))
    assert torch.allclose(torch.stack(found, 1), family(x, condition), atol=1e-5)


@pytest.mark.parametrize("known", [0, 37, 700])
@torch.no_grad()
def test_it_goes_on_as_it_would_score(known: int):
    family = made("ae")
    condition = random_conditioning(family, 2, 6)
    out = continue_sampling(family.wavenet, speech(2, known), 960 - known, condition, seeded(3))
    assert out.shape == (2, 960) and torch.equal(out[:, :known], speech(2, known))
    chances, generator = family(out, condition).softmax(-1), seeded(3)
    drawn = [torch.multinomial(chances[:, t], 1, generator=generator)[:, 0] for t in range(known, 960)]
    assert torch.equal(torch.stack(drawn, 1), out[:, known:])


@pytest.mark.parametrize("bottleneck", KINDS)
def test_samples_and_completions(bottleneck: str):
    family, prompt = made(bottleneck), speech(2, 350)
    assert torch.equal(family.sample(2, 50, seeded()), family.sample(2, 50, seeded()))
    assert not torch.equal(family.sample(2, 50, seeded()), family.sample(2, 50, seeded(1)))
    longer = family.complete(prompt, 30, seeded())
    assert longer.shape == (2, 380) and torch.equal(longer[:, :350], prompt)


def test_what_is_encoded_is_enough_to_decode():
    family, x = made("rvq"), speech(2, 640)
    latents = family.encode(x)
    assert latents.shape == (2, 4 + 4, 2)
    assert torch.equal(family.decode(latents, seeded()), family.decode(family.encode(x), seeded()))
    assert family.decode(latents, seeded()).shape == (2, 640)


@pytest.mark.parametrize("bottleneck", KINDS)
def test_saved_and_loaded(bottleneck: str, tmp_path: Path):
    family = made(bottleneck).train()
    family.loss(training_batch(family))  # its books begin
    store.save(family.eval(), table(bottleneck), {}, tmp_path / "family.safetensors")
    family.load_state_dict({k: v.half().float() for k, v in family.state_dict().items() if torch.is_tensor(v)})
    found, _ = store.load(tmp_path / "family.safetensors")
    x = speech(1, 900)
    assert torch.equal(found.log_prob(x, seeded()), family.log_prob(x, seeded()))
    before = {k: v.clone() for k, v in found.state_dict().items() if k.endswith("entries")}
    found.train().loss(training_batch(family))
    moved = [(found.state_dict()[name] - entries).abs().mean() for name, entries in before.items()]
    assert all(distance < 0.5 * before[name].abs().mean() for distance, name in zip(moved, before, strict=True))


def test_training_lowers_the_loss(shards: Path):
    torch.manual_seed(0)
    settings = DEFAULTS | {"shards": str(shards), "batch": 4, "frames": 8, "check_batch": 4}
    experiment = family_experiment({"family": table("rvq")}, settings, torch.device("cpu"))
    experiment.model.reference_frames = 50
    optimiser = torch.optim.Adam(experiment.model.parameters(), 1e-2)
    losses = []
    for step in range(30):
        loss, _ = experiment.task.loss(experiment.sample_batch(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < sum(losses[:5]) - 2
    figures = experiment.validate()
    assert {"dev_bits_per_sample", "dev_nll_bits", "dev_latent_bits", "dev_gap_bits"} <= figures.keys()
    assert "dev_latent_gap" not in figures  # the loop would stop a run that collapses


def test_settings_that_are_none():
    for changes in ({"inputs": "smell"}, {"bottleneck": {"kind": "sieve"}}, {"rate": 40}, {"colour": 1}):
        with pytest.raises(ValueError, match=r"choose|colour"):
            make_family(table("ae") | changes)
