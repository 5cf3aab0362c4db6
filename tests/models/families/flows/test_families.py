"""NICE, RealNVP, Glow and WaveGlow as families: bounds, latents, samples, training, storage."""

import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny
from torch import Tensor

from sottovoce.models.families import mel, store
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import standard_normal
from sottovoce.models.families.flows.dequantise import LOG_WIDTH, dequantise, quantise
from sottovoce.models.families.flows.family import Flow
from sottovoce.models.families.kinds import make_family
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.run import train

TINY: dict[str, dict[str, Any]] = {
    "nice": {"kind": "nice", "group": 4, "couplings": 4, "hidden": 8, "layers": 2},
    "realnvp": {"kind": "realnvp", "group": 4, "couplings": 4, "hidden": 8, "layers": 2},
    "glow": {"kind": "glow", "group": 4, "steps": 3, "hidden": 8, "layers": 2},
    "waveglow": {
        "kind": "waveglow",
        "steps": 3,
        "early_interval": 1,
        "hidden": 8,
        "layers": 2,
        "condition_channels": 4,
    },
}
LARGEST = {"nice": 0.4e6, "realnvp": 0.4e6, "glow": 0.6e6, "waveglow": 0.7e6}  # bytes
UNTOLD = ["nice", "realnvp", "glow"]


def made(kind: str, **settings: Any) -> Any:
    """A tiny family that is not the identity."""
    torch.manual_seed(0)
    family = make_family(TINY[kind] | settings)
    with torch.no_grad():
        for parameter in family.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return family.eval()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def decoded(family: Any, x: Tensor) -> Tensor:
    """x, through the latents and back."""
    told = (mel.levels(x),) if family.conditional else ()
    return family.decode(family.encode(x), seeded(), *told)


def test_every_class_comes_back():
    x = torch.arange(256)
    for u in (0.0, 0.5, 0.99):
        y = dequantise(x, u)
        assert y.min() >= -1 and y.max() < 1 and torch.equal(quantise(y), x)
    assert quantise(torch.tensor([-3.0, 1.0, 7.0])).tolist() == [0, 255, 255]


def test_a_uniform_density_costs_eight_bits():
    flow = ActNorm(4)  # from (-1, 1) to (0, 1), where the density is 1
    with torch.no_grad():
        flow.bias.fill_(1)
        flow.log_scale.fill_(-math.log(2))
    y = dequantise(torch.randint(256, (1, 5, 4)), 0.5)
    nats = flow.eval()(y)[1] + 20 * LOG_WIDTH
    assert -nats.item() / (20 * math.log(2)) == pytest.approx(8, abs=1e-6)


class Normal(Flow):
    """Independent normal samples of deviation exp(-2), whose classes' probabilities are known."""

    def __init__(self) -> None:
        super().__init__(2)
        self.flow = ActNorm(2)
        torch.nn.init.constant_(self.flow.log_scale, 2)


def test_log_prob_bounds_the_known_probability():
    family = Normal().eval()
    edges = torch.linspace(-1, 1, 257, dtype=torch.double) * math.exp(2)
    known = torch.special.ndtr(edges).diff().log()
    x = torch.tensor([[120, 131], [100, 160], [20, 240]])
    generator = seeded()
    drawn = torch.stack([family.log_prob(x, generator) for _ in range(2000)]).double()
    exact = known[x].sum(1)
    assert (drawn.mean(0) <= exact + 2e-3).all() and torch.allclose(drawn.mean(0), exact, atol=0.05)
    assert torch.allclose(drawn.exp().mean(0).log(), exact, atol=0.02)


@pytest.mark.parametrize("kind", UNTOLD)
def test_all_pairs_of_classes_sum_to_one(kind: str):
    family = made(kind, group=2)
    with torch.no_grad():  # a density that lies within [-1, 1]
        for layer in family.flow.layers:
            if isinstance(layer, ActNorm):
                layer.log_scale.zero_()
        family.flow.layers.insert(0, Normal().flow.eval())
    pairs = torch.cartesian_prod(torch.arange(256), torch.arange(256))
    assert family.log_prob(pairs, seeded()).double().exp().sum().item() == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("kind", TINY)
def test_log_prob_is_autograds_change_of_variables(kind: str):
    family = made(kind)
    x = torch.randint(100, 156, (1, 8))
    condition = family.condition(x)
    y = family.groups(x, 0.3)
    jacobian = torch.autograd.functional.jacobian(
        lambda flat: family.flow(flat.view_as(y), condition)[0].flatten(), y.flatten()
    )
    z, _ = family.flow(y, condition)
    expected = standard_normal(z) + torch.linalg.slogdet(jacobian)[1] + 8 * LOG_WIDTH
    assert family.bound(x, torch.full((1, 8), 0.3)).item() == pytest.approx(expected.item(), abs=2e-3)


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize("length", [1, 7, 160, 1203])
def test_any_length_goes_through_the_latents_and_back(kind: str, length: int):
    family = made(kind)
    x = torch.randint(256, (2, length), generator=seeded())
    z = family.encode(x)
    assert z.shape == (2, family.group, -(-length // family.group))
    back = decoded(family, x)
    assert torch.equal(back[:, :length], x) and (back[:, length:] == SILENCE).all()
    bits = family.log_prob(x, seeded())
    assert bits.shape == (2,) and torch.isfinite(bits).all()
    assert torch.equal(bits, family.log_prob(x, seeded())) and not torch.equal(bits, family.log_prob(x, seeded(1)))
    assert family.latent_bits(x) is None and family.control == "no" and not family.exact


@pytest.mark.parametrize("kind", TINY)
def test_silence_costs_finitely(kind: str):
    family = made(kind).train()
    x = torch.full((2, 320), SILENCE)
    loss, _ = family.loss({"x": x} | family.sample_noise(2, 320, seeded()))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in family.parameters() if p.grad is not None)


@pytest.mark.parametrize("kind", TINY)
def test_the_loss_draws_nothing_itself(kind: str):
    family = made(kind).train()
    batch = {"x": torch.randint(256, (2, 320))} | family.sample_noise(2, 320, seeded())
    first, again = family.loss(batch)[0], family.loss(batch)[0]  # the first one starts the normalisation
    assert torch.allclose(first, again)
    nats = family.bound(batch["x"], batch["noise"]).mean()
    assert torch.allclose(family.loss(batch)[1]["bits_per_sample"], -nats / (320 * math.log(2)))


@pytest.mark.parametrize("kind", TINY)
def test_half_precision_networks_change_little(kind: str):
    family = made(kind)
    batch = {"x": torch.randint(100, 156, (2, 320))} | family.sample_noise(2, 320, seeded())
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        loss = family.loss(batch)[0]
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(family.loss(batch)[0].item(), abs=0.05)


@pytest.mark.parametrize("kind", UNTOLD)
def test_samples_are_reproduced(kind: str):
    family = made(kind)
    drawn = family.sample(2, 323, seeded())
    assert drawn.shape == (2, 323) and drawn.dtype == torch.long and drawn.min() >= 0 and drawn.max() <= 255
    assert torch.equal(drawn, family.sample(2, 323, seeded()))
    assert not torch.equal(drawn, family.sample(2, 323, seeded(1)))
    with pytest.raises(NotImplementedError, match="cannot continue a prompt"):
        family.complete(drawn, 10, seeded())


def test_waveglow_draws_from_pictures():
    family = made("waveglow")
    picture = torch.randint(256, (2, 5, 80), generator=seeded())
    drawn = family.vocode(picture, seeded())
    assert family.conditional == "mel" and drawn.shape == (2, 800) and drawn.dtype == torch.long
    assert torch.equal(drawn, family.vocode(picture, seeded()))
    assert not torch.equal(drawn, family.vocode(picture, seeded(1)))
    still = family.vocode(picture, seeded(), deviation=0.0)
    assert torch.equal(still, family.vocode(picture, seeded(1), deviation=0.0))
    assert not torch.equal(still, family.vocode(255 - picture, seeded(), deviation=0.0))


def test_waveglow_needs_a_picture():
    family = made("waveglow")
    with pytest.raises(NotImplementedError, match="vocode"):
        family.sample(1, 160, seeded())
    with pytest.raises(NotImplementedError, match="spectrogram"):
        family.decode(torch.randn(1, 8, 20), seeded())
    with pytest.raises(ValueError, match="divide 160"):
        make_family({"kind": "waveglow", "group": 7})


@pytest.mark.parametrize("kind", TINY)
def test_an_unknown_setting_is_an_error(kind: str):
    with pytest.raises(ValueError, match="depth"):
        make_family({"kind": kind, "depth": 3})


@pytest.mark.parametrize("kind", TINY)
def test_training_lowers_the_loss_and_is_stored(kind: str, shards: Path, tmp_path: Path):
    figures = train(tiny.write_family(tmp_path, shards, TINY[kind], frames=6, steps=40, learning_rate=5e-3))
    log = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["bits_per_sample"] for line in log]
    assert sum(losses[-5:]) < sum(losses[:5]) - 1.0 and math.isfinite(figures["dev_bits_per_sample"])
    family, about = store.load(tmp_path / "run" / "family.safetensors")
    assert about["family"].items() >= TINY[kind].items() and not family.training
    x = torch.randint(256, (1, 963), generator=seeded())
    assert torch.equal(decoded(family, x)[:, :963], x)
    store.save(family, TINY[kind], {}, tmp_path / "again.safetensors")
    again, _ = store.load(tmp_path / "again.safetensors")
    assert torch.equal(again.log_prob(x, seeded()), family.log_prob(x, seeded()))


@pytest.mark.parametrize("kind", TINY)
def test_the_config_in_the_box_makes_a_small_family(kind: str, tmp_path: Path):
    assert (resources.files("sottovoce.models.configs.families") / f"{kind}.toml").is_file()
    table = read_config(resources.files("sottovoce.models.configs.families") / f"{kind}.toml")["family"]
    store.save(make_family(table), table, {}, tmp_path / "family.safetensors")
    assert (tmp_path / "family.safetensors").stat().st_size <= LARGEST[kind]
