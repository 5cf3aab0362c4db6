"""The tasks learn, and a run can be taken up where it stopped."""

from pathlib import Path

import pytest
import torch
from helpers import tiny
from safetensors.torch import load_file

from sottovoce.models.model import SpeechModel
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.loop import learning_rate
from sottovoce.models.training.run import load_weights, train
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.training.tasks import TASKS, sample_batch


def mean_loss(entries: list[dict[str, float]]) -> float:
    return sum(entry["loss"] for entry in entries) / len(entries)


def test_spectrum_learns(run_config, tmp_path: Path):
    train(run_config("spectrum", steps=60))
    log = tiny.journal(tmp_path / "run")
    assert [entry["step"] for entry in log] == list(range(1, 61))
    assert mean_loss(log[-10:]) < 0.7 * mean_loss(log[:5])
    assert {"mel_l1", "mel_rmse_db", "pitch_semitones", "voicing_error", "bits_per_step"} <= set(log[0])
    assert {"latent/usage/0", "latent/perplexity/2", "speaker/usage/1"} <= set(log[0])
    assert 0 < log[-1]["latent/usage/0"] <= 1 and 1 <= log[-1]["latent/perplexity/0"] <= 32
    assert 5 <= log[-1]["bits_per_step"] <= 13


def test_decoder_learns_from_where_spectrum_ended(run_config, tmp_path: Path):
    train(run_config("spectrum", steps=10))
    first = (tmp_path / "run").rename(tmp_path / "spectrum")
    figures = train(run_config("decoder", steps=30, start=str(first), check_every=10))
    log = tiny.journal(tmp_path / "run")
    assert mean_loss(log[-5:]) < mean_loss(log[:5]) - 0.3
    assert figures["loss"] == log[-1]["loss"] and "latent_gap" in figures and "dev_bits" in figures
    assert [e["step"] for e in log if "latent_gap" in e] == [10, 20, 30]
    before, after = load_file(first / "weights.safetensors"), load_file(tmp_path / "run" / "weights.safetensors")
    moved = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
    assert moved == {"adapter", "wavenet"}


@pytest.mark.parametrize(
    ("bottleneck", "inputs"),
    [
        ({"kind": "ae", "size": 8}, "logmel"),
        ({"kind": "vae", "size": 8, "weight": 0.01, "free_bits": 2.0}, "mfcc"),
        ({"kind": "vq", "size": 8, "codes": 16}, "wave"),
    ],
    ids=["ae", "vae", "vq"],
)
def test_joint_learns_with_each_bottleneck(run_config, tmp_path: Path, bottleneck, inputs):
    tables = tiny.config(order=0) | {"presets": [], "bottleneck": bottleneck, "model": {"inputs": inputs, "rate": 50}}
    train(run_config("joint", tables, steps=12, preset_chances=[1.0]))
    log = tiny.journal(tmp_path / "run")
    assert mean_loss(log[-3:]) < mean_loss(log[:3])


def test_joint_gradients_reach_every_part(shards: Path):
    tables = tiny.config(order=0, head="mixture")
    settings = DEFAULTS | {
        "context": 2,
        "steps_per_crop": 4,
        "reference_frames": 60,
        "unscored_samples": 160,
        "jitter": 0.2,
    }
    torch.manual_seed(0)
    model = tiny.shaken(SpeechModel(tables))
    corpus = Corpus(shards, torch.device("cpu"))
    loss, _ = TASKS["joint"](model.train(), settings).loss(sample_batch(settings, model, corpus, 0, 2, True))
    loss.backward()
    for part in ("encoder", "speaker", "conditioner.layers", "adapter", "wavenet"):
        gradients = [p.grad for p in model.get_submodule(part).parameters()]
        assert all(g is not None and torch.isfinite(g).all() for g in gradients), part
        assert any(g is not None and g.any() for g in gradients), part


def test_draw_is_a_function_of_the_step(shards: Path):
    model = SpeechModel(tiny.config())
    settings = DEFAULTS | {"context": 2, "steps_per_crop": 4, "reference_frames": 60, "jitter": 0.3}
    corpus = Corpus(shards, torch.device("cpu"))
    first, again, other = (sample_batch(settings, model, corpus, step, 4, True) for step in (7, 7, 8))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["wave"], other["wave"])
    assert first["wave"].shape == (4, 8 * 640) and first["f0"].shape == (4, 32)
    assert first["reference"].shape == (4, 60 * 160)


def test_half_precision_hears_the_same_excitation(shards: Path):
    """Half precision is for the WaveNet alone: what it is told is what a decoder will compute."""
    settings = DEFAULTS | {"context": 2, "steps_per_crop": 4, "reference_frames": 60}
    model = tiny.model(tiny.config())
    task = TASKS["decoder"](model, settings)
    batch = sample_batch(settings, model, Corpus(shards, torch.device("cpu")), 0, 2, False)
    c = task.condition(batch)[0]
    whole = task.excitation(batch, c)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(task.condition(batch)[0], c)
        assert all(torch.equal(a, b) for a, b in zip(task.excitation(batch, c), whole, strict=True))


def test_a_run_of_some_minutes_goes_on_where_its_clock_stood(run_config, tmp_path: Path):
    path = run_config("spectrum", steps=1_000_000, minutes=0.02)
    train(path)
    steps = [entry["step"] for entry in tiny.journal(tmp_path / "run")]
    assert 0 < len(steps) < 1_000_000
    train(path, resume=True)
    assert [entry["step"] for entry in tiny.journal(tmp_path / "run")] == steps


def test_the_rate_falls_towards_the_end_by_steps_or_minutes():
    settings = {"learning_rate": 1.0, "steps": 100, "minutes": 10.0, "warmup_steps": 1, "decay_share": 0.5}
    assert learning_rate(0, settings) == learning_rate(50, settings, 5) == 1
    assert learning_rate(75, settings, 5) == learning_rate(50, settings, 7.5) == 0.5
    assert learning_rate(0, settings, 10) == 0.05


def test_a_new_run_does_not_destroy_an_old_one(run_config, tmp_path: Path):
    path = run_config("spectrum", steps=3)
    train(path)
    with pytest.raises(TrainingError, match="--resume"):
        train(path)
    assert [entry["step"] for entry in tiny.journal(tmp_path / "run")] == [1, 2, 3]


def test_weights_are_averages(run_config, tmp_path: Path):
    train(run_config("spectrum", steps=5, ema=0.5))
    weights = load_file(tmp_path / "run" / "weights.safetensors")
    checkpoint = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    name = "encoder.layers.0.weight"
    assert not torch.equal(weights[name], checkpoint["model"][name])
    assert torch.equal(weights[name], checkpoint["average"][0])


def test_starting_from_another_shape_keeps_what_fits(run_config, tmp_path: Path):
    train(run_config("spectrum", steps=3))
    wider = tiny.config() | {"bottleneck": {"kind": "rvq", "size": 8, "bits": [5, 4, 4, 6]}}
    model = SpeechModel(wider)
    load_weights(model, tmp_path / "run")
    assert [book.ready for book in model.bottleneck.books] == [True, True, True, False]
    found = load_file(tmp_path / "run" / "weights.safetensors")
    assert torch.equal(model.encoder.layers[0].weight, found["encoder.layers.0.weight"])


def test_nothing_to_start_from(run_config, tmp_path: Path):
    with pytest.raises(TrainingError, match="no weights to start from"):
        train(run_config("decoder", start=str(tmp_path / "nothing")))


def test_the_packaged_config_describes_a_model():
    config = read_config("default")
    with torch.device("meta"):
        model = SpeechModel(config)
    assert model.step == 640 and model.encoder.lookahead_frames == 4
    assert sum(p.numel() for p in model.parameters()) < 12e6
