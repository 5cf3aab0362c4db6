"""From a trained model to a release and back."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import tiny
from safetensors.torch import save_file

from sottovoce.models.release import Release, load
from sottovoce.models.training.export import export

REST = {
    "stage": {"decoder": {"task": "decoder", "context": 2, "steps_per_crop": 8, "reference_frames": 60}},
    "decoding": {"voiced_temperature": 1.0, "unvoiced_temperature": 1.0, "floor": 0.0, "envelope_passes": 0},
    "about": {},
}


def test_card_and_names(exported):
    model, release, path, _ = exported
    data = path.read_bytes()
    assert release.id == hashlib.sha256(data).digest()[:4]
    assert release.card["sha256"] == hashlib.sha256(data).hexdigest()
    assert release.card["training"] == "synthetic"
    assert {name: (p.index, p.books, p.bits) for name, p in release.presets.items()} == {
        "low": (0, 1, (5,)),
        "default": (1, 3, (5, 4, 4)),
    }
    assert release.step == model.step and release.lookahead == release.step + 240
    json.dumps(release.card)


def test_round_trip(exported):
    release = exported.release
    wave = tiny.voice(1.03, 130, 5)
    encoder = release.encoder()
    codes = np.concatenate((encoder.push(wave), encoder.finish()))
    steps = -(-len(wave) // release.step)
    assert codes.shape == (steps, 3) and codes.dtype == np.int16
    assert (codes >= 0).all() and (codes < [32, 16, 16]).all() and len(np.unique(codes[:, 0])) > 3
    speaker = release.speaker(wave)
    assert len(speaker) == 2 and max(speaker) < 16
    for books in (1, 3):
        decoder = release.decoder(speaker, seed=1)
        wave_out = np.concatenate((decoder.push(codes[:, :books]), decoder.finish()))
        assert wave_out.shape == (steps * release.step,) and wave_out.dtype == np.int16
        assert wave_out.any()
        assert decoder.finish().size == 0


@pytest.mark.parametrize("books", [1, 2])
def test_only_the_books_that_are_sent_are_searched(exported, books: int):
    wave = tiny.voice(1.03, 130, 5)
    encoder = exported.release.encoder(books)
    assert [len(book) for book in encoder.quantizer.books] == [32, 16][:books]
    assert np.concatenate((encoder.push(wave), encoder.finish())).shape == (
        -(-len(wave) // exported.release.step),
        books,
    )


def test_weights_are_stored_in_bytes(exported):
    """But for those of the last layers, whose precision matters."""
    weights = exported.release.weights
    kinds = {name: weights[name].dtype for name in weights if name.endswith(".weight")}
    words = {name for name, kind in kinds.items() if kind == np.int16}
    last = {f"{name}.weight" for name in ("conditioner.heads", "adapter.hidden", "adapter.out", "wavenet.condition")}
    assert words - {"conditioner.core.weight"} == last
    assert {kind for name, kind in kinds.items() if name not in words} == {np.dtype(np.int8)}
    for name in ("conditioner.enter", "conditioner.layers.0.mix"):
        largest = np.abs(weights[f"{name}.weight"].astype(int)).max(0)
        assert ((largest >= 64) & (largest <= 127)).all() and weights[f"{name}.shift"].shape == largest.shape


def test_what_cannot_be_computed_exactly_is_not_exported(shards: Path, tmp_path: Path):
    model = tiny.model(tiny.config())
    with torch.no_grad():
        model.conditioner.enter.bias[3] = 2.0**30
    weights = save_state(model, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"conditioner\.enter"):
        export(tiny.config() | REST, weights, shards, tmp_path / "out")


def test_no_speech_no_codes(exported):
    encoder, decoder = exported.release.encoder(), exported.release.decoder(bytes(2))
    assert encoder.push(np.zeros(0, np.float32)).shape == encoder.finish().shape == (0, 3)
    assert decoder.push(np.zeros((0, 3), np.int16)).size == decoder.finish().size == 0


def test_missing_model():
    with pytest.raises(FileNotFoundError):
        load("no such model")


def test_wrong_speaker_bytes(exported):
    with pytest.raises(ValueError, match="3 speaker bytes where the model has 2"):
        exported.release.decoder(bytes(3))


def save_state(model: torch.nn.Module, path: Path) -> Path:
    save_file({k: v.contiguous() for k, v in model.state_dict().items() if isinstance(v, torch.Tensor)}, path)
    return path


def test_what_a_sampler_cannot_run_is_not_exported(shards: Path, tmp_path: Path):
    for change in ({"head": "mixture"}, {"order": 0}):
        tables = tiny.config(**change)
        weights = save_state(tiny.model(tables), tmp_path / "w.safetensors")
        with pytest.raises(ValueError, match=r"head|order"):
            export(tables | REST, weights, shards, tmp_path / "out")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("half", ["encoder", "conditioner"])
def test_what_looks_further_ahead_is_not_exported(half: str, shards: Path, tmp_path: Path):
    tables = tiny.config()
    tables[half]["ahead"] = 2
    weights = save_state(tiny.model(tables), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=rf"{half}\.ahead = 2"):
        export(tables | REST, weights, shards, tmp_path / "out")


def test_a_layer_of_zeros_can_be_exported(shards: Path, tmp_path: Path):
    """A residual block starts as the identity and may end as one."""
    tables = tiny.config()
    model = tiny.model(tables)
    with torch.no_grad():
        model.conditioner.layers[0].mix.weight.zero_()
        model.conditioner.layers[0].mix.bias.fill_(1.0)
    weights = save_state(model, tmp_path / "w.safetensors")
    export(tables | REST, weights, shards, tmp_path / "zeros")
    release = load(str(tmp_path / "zeros.safetensors"))
    assert isinstance(release, Release)
    assert release.network.conditioner()(np.zeros((2, 8)), np.zeros(8), 0).shape == (8, 16)
