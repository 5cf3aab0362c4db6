"""What all learned autoregressive families promise: whole distributions, steps like sweeps, pieces like the whole."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny
from torch import Tensor

from sottovoce.models.families import finite_context, recurrent, store
from sottovoce.models.families.base import Autoregressive, sequence_log_prob
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.finite_context import FiniteContext
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.train import Likelihood
from sottovoce.models.training.loop import LOOP_DEFAULTS
from sottovoce.models.training.optimiser_step import OptimiserStep
from sottovoce.models.training.run import train

BOUNDED: list[dict[str, Any]] = [
    {"kind": "window", "window": 5, "embedding": 4, "hidden": 8},
    {"kind": "wavenet", "channels": 4, "skip": 6, "cycles": 2, "dilations": 3},
    {"kind": "transformer", "width": 16, "layers": 2, "heads": 2, "window": 4, "embedding": 4, "conv_taps": 3},
]
TABLES = [*BOUNDED, *({"kind": kind, "hidden": 8, "embedding": 4} for kind in ("rnn", "lstm", "gru"))]


def family(table: dict[str, Any]) -> Autoregressive:
    """A family with opinions: the weights that networks start with say next to nothing."""
    torch.manual_seed(0)
    made = make_family(table)
    assert isinstance(made, Autoregressive)
    with torch.no_grad():
        for value in made.parameters():
            value.mul_(2)
    return made.double().eval()


def kind(table: dict[str, Any]) -> str:
    return table["kind"]


def speech(batch: int, length: int, seed: int = 0) -> Tensor:
    return torch.randint(100, 156, (batch, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_probabilities_sum_to_one(table: dict[str, Any]):
    model = family(table)
    every, some = torch.arange(256), torch.arange(0, 256, 16)
    with torch.no_grad():
        one = model.log_prob(every[:, None])
        two = model.log_prob(torch.cartesian_prod(some, every)).view(16, 256)
    assert one.exp().std() * 256 > 0.05
    assert one.logsumexp(0).item() == pytest.approx(0, abs=1e-5)
    assert torch.allclose(two.logsumexp(1), one[some], atol=1e-5)


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_steps_give_what_the_whole_gives(table: dict[str, Any]):
    model, x = family(table), speech(3, 40)
    last, state, rows = torch.full((3,), SILENCE), model.start(3), []
    with torch.no_grad():
        for t in range(x.shape[1]):
            logits, state = model.step(last, state)
            rows.append(logits)
            last = x[:, t]
        assert torch.allclose(torch.stack(rows, 1), model(x), atol=1e-10)


@pytest.mark.parametrize("table", TABLES, ids=kind)
@pytest.mark.parametrize("length", [1, 7, 60])
def test_pieces_add_up_to_the_whole(table: dict[str, Any], length: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finite_context, "PIECE", 7)
    monkeypatch.setattr(recurrent, "PIECE", 7)
    model, x = family(table), speech(2, length)
    with torch.no_grad():
        assert torch.allclose(model.log_prob(x), sequence_log_prob(model(x), x), rtol=1e-6)


@pytest.mark.parametrize("table", BOUNDED, ids=kind)
def test_reach_is_what_it_is_said_to_be(table: dict[str, Any]):
    model, x = family(table), speech(1, 60)
    assert isinstance(model, FiniteContext)
    other = x.clone()
    other[0, 20] += 40
    with torch.no_grad():
        changed = (model(x) != model(other)).any(-1)[0].nonzero()[:, 0]
    assert changed.min() == 21 and changed.max() == 20 + model.receptive_field


@pytest.mark.parametrize("table", TABLES[3:], ids=kind)
def test_recurrent_families_look_back_without_end_and_never_ahead(table: dict[str, Any]):
    model, x = family(table), speech(1, 30)
    other = x.clone()
    other[0, 20] += 40
    with torch.no_grad():
        changed = (model(x) != model(other)).any(-1)[0]
    assert not changed[:21].any() and changed[21:].all()


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_samples_follow_the_generator_and_the_prompt(table: dict[str, Any]):
    model = family(table)
    first, again, other = (model.sample(2, 30, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == (2, 30) and first.dtype == torch.long
    assert torch.equal(first, again) and not torch.equal(first, other)
    prompt = speech(2, 12)
    went_on = model.complete(prompt, 5, torch.Generator().manual_seed(1))
    assert went_on.shape == (2, 17) and torch.equal(went_on[:, :12], prompt)


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_what_is_stored_is_the_family_but_for_rounding(table: dict[str, Any], tmp_path: Path):
    model, x = family(table), speech(2, 30)
    store.save(model, table, {"seconds": 1.0}, tmp_path / "family.safetensors")
    found, about = store.load(tmp_path / "family.safetensors")
    assert about["seconds"] == 1.0 and table.items() <= about["family"].items()
    assert isinstance(found, Autoregressive)
    with torch.no_grad():
        assert torch.allclose(found(x).double(), model(x), atol=0.05)
        assert found(x).std() > 0.5 * model(x).std() > 0.05


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_training_lowers_the_bits(table: dict[str, Any], shards: Path, tmp_path: Path):
    settings = {"steps": 30, "frames": 1, "learning_rate": 2e-2, "ema": 0.8}
    figures = train(tiny.write_family(tmp_path, shards, table, **settings))
    log = tiny.journal(tmp_path / "run")
    assert log[0]["bits_per_sample"] == pytest.approx(8, abs=0.8)
    assert figures["dev_bits_per_sample"] < 7.7
    trained, _ = store.load(tmp_path / "run" / "family.safetensors")
    x = torch.full((1, 400), SILENCE)
    with torch.no_grad():
        assert -trained.log_prob(x).item() / (400 * math.log(2)) < 7.7


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_a_training_step_can_be_captured_as_a_graph(table: dict[str, Any], bf16: bool):
    device = torch.device("cuda")
    model = make_family(table).to(device).train()
    stepper = OptimiserStep(Likelihood(model), LOOP_DEFAULTS | {"bf16": bf16}, device)
    x = speech(4, 160).to(device)
    bits = [stepper({"x": x}, 1e-2)["loss"].item() for _ in range(30)]
    assert stepper.graph is not None and bits[-1] < bits[0] - 0.5


@pytest.mark.parametrize("table", [BOUNDED[0], BOUNDED[1], BOUNDED[2], TABLES[-1]], ids=kind)
def test_settings_that_are_none_are_refused(table: dict[str, Any]):
    with pytest.raises(ValueError, match="hiden"):
        make_family(table | {"hiden": 8})
