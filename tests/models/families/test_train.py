"""How a family's training begins, and what is told of it."""

from pathlib import Path

import pytest
import torch
from helpers import tiny

from sottovoce.models.families import store
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.run import train

GRU = {"kind": "gru", "hidden": 8, "embedding": 4}


def test_what_is_told_of_a_run(shards: Path, tmp_path: Path):
    train(tiny.write_family(tmp_path, shards, GRU, frames=2, check_every=3))
    family, about = store.load(tmp_path / "run" / "family.safetensors")
    assert about["steps"] == 3 and about["device"].startswith("CPU") and about["seconds"] >= 0
    assert 0 < about["dev_bits_per_sample"] < 9
    assert about["family"] == GRU | {"layers": 1} and not family.training


def test_training_goes_on_from_another_run_and_says_so(shards: Path, tmp_path: Path):
    train(tiny.write_family(tmp_path, shards, GRU, frames=2, check_every=3))
    first = (tmp_path / "run").rename(tmp_path / "first") / "family.safetensors"
    train(tiny.write_family(tmp_path, shards, GRU, frames=2, start=str(first), learning_rate=0.0))
    before, told = store.load(first)
    after, about = store.load(tmp_path / "run" / "family.safetensors")
    assert about["after"] == told
    for one, other in zip(before.state_dict().values(), after.state_dict().values(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_what_is_counted_needs_one_look(shards: Path, tmp_path: Path):
    figures = train(tiny.write_family(tmp_path, shards, {"kind": "ngram", "context": 1, "max_ngrams": 500}))
    assert figures["dev_bits_per_sample"] < 8
    _, about = store.load(tmp_path / "run" / "family.safetensors")
    assert about["steps"] == 0 and about["dev_bits_per_sample"] == figures["dev_bits_per_sample"]


@pytest.mark.parametrize(
    ("family", "said"), [({"kind": "none"}, "choose one of ngram"), ({"kind": "gru", "width": 3}, "width")]
)
def test_what_there_is_not_is_named(shards: Path, tmp_path: Path, family: dict, said: str):
    with pytest.raises((ValueError, TrainingError), match=said):
        train(tiny.write_family(tmp_path, shards, family))
