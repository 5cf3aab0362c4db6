"""Families on disk."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sottovoce.models.families import store
from sottovoce.models.families.kinds import make_family

TABLE = {"kind": "lstm", "hidden": 40, "embedding": 24}


def saved(path: Path) -> torch.nn.Module:
    torch.manual_seed(0)
    family = make_family(TABLE)
    store.save(family, TABLE, {"seconds": 1.5}, path)
    return family


def test_weights_come_back_within_half_a_step(tmp_path: Path):
    family = saved(tmp_path / "family.safetensors")
    found, about = store.load(tmp_path / "family.safetensors")
    # defaults may change: a file says what they were
    assert about == {"seconds": 1.5, "family": TABLE | {"layers": 1}}
    for (name, value), (other, kept) in zip(family.state_dict().items(), found.state_dict().items(), strict=True):
        assert name == other and kept.dtype == torch.float32
        if value.ndim == 2 and value.numel() >= store.MATRIX:
            step = value.abs().amax(1, keepdim=True) / 127
            assert ((kept - value).abs() <= 0.51 * step).all()
        else:
            assert torch.equal(kept, value.half().float())


def test_what_was_stored_is_stored_as_it_is(tmp_path: Path):
    saved(tmp_path / "first.safetensors")
    found, about = store.load(tmp_path / "first.safetensors")
    store.save(found, TABLE, about, tmp_path / "second.safetensors")
    again, _ = store.load(tmp_path / "second.safetensors")
    for value, kept in zip(found.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.allclose(value, kept, rtol=1e-3, atol=1e-6)


def test_an_empty_row_stays_empty(tmp_path: Path):
    family = make_family(TABLE)
    with torch.no_grad():
        family.out.weight[3] = 0
    store.save(family, TABLE, {}, tmp_path / "family.safetensors")
    assert not store.load(tmp_path / "family.safetensors")[0].out.weight[3].any()


def test_other_files_are_refused(tmp_path: Path):
    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="not a model family"):
        store.load(tmp_path / "other.safetensors")


def test_all_in_the_box_can_be_made():
    for name in store.available():
        family, about = store.load(name)
        assert store.parameters(family) > 0 and about["family"]["kind"]
        assert store.find(name).stat().st_size < 2_000_000
