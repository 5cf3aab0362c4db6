import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from helpers.stub_families import uniform

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.families import hearing, measuring
from sottovoce.codec.evaluation.families.measuring import FamilyMeasurement, measure
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.models.families import store
from sottovoce.models.families.base import Family


@pytest.fixture
def brief(monkeypatch):
    """Little is drawn and compressed."""
    monkeypatch.setattr(hearing, "PROMPT", 800)
    monkeypatch.setattr(hearing, "LENGTH", 320)
    monkeypatch.setattr(measuring, "STRETCH", 600)


@pytest.fixture
def task(tmp_path):
    """A family that says nothing, and two recordings."""
    recordings = []
    for i, count in enumerate((4000, 2900)):
        path = tmp_path / f"{i}.wav"
        soundfile.write(path, 0.1 * np.sin(np.arange(count) * 0.1 * (i + 1)), 16000)
        recordings.append(ReferenceRecording(str(i), path.name, path))
    file = tmp_path / "family.safetensors"
    table = {"kind": "window", "window": 2, "embedding": 2, "hidden": 2}
    store.save(uniform(), table, {"device": "CPU"}, file)
    return FamilyMeasurement(tmp_path / "report", "uniform", file, "abc", tuple(recordings), (0, 1), 7)


def test_who_says_nothing_needs_eight_bits_a_sample(task, brief):
    found = measure(task)
    assert found["bits"] == pytest.approx([8 * 4000, 8 * 2900], rel=1e-6)
    assert (found["exact"], found["domain"], found["latents"], found["latent_bits"]) == (True, "samples", False, None)
    assert found["parameters"] == store.parameters(uniform())
    files = found["lossless"]
    assert (files["samples"], files["same"]) == (1200, True)
    assert files["bits"] == pytest.approx(9600, rel=1e-6)
    assert 1200 < files["bytes"] <= 1200 + 2 * 16
    assert found["sampling"] > 0
    assert found["evaluating"] > 0
    assert len(found["clips"]) == 4


def test_what_was_measured_is_kept_until_something_changes(task, brief):
    assert task.known() is None
    found = measure(task)
    assert task.known() == found
    for change in ({"sha256": "abd"}, {"crc32": 8}, {"heard": (1, 0)}):
        assert FamilyMeasurement(**{**vars(task), **change}).known() is None


class Guess(Family):
    """Bounds of known looseness; latents of a bit a sample."""

    exact = False

    def __init__(self):
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1))

    def log_prob(self, x, generator=None):
        loose = torch.rand(len(x), generator=generator)
        return -x.shape[1] * (6 + loose) * math.log(2)

    def importance_bound(self, x, generator, draws):
        assert draws == measuring.DRAWS
        return torch.full((len(x),), -x.shape[1] * 5.5 * math.log(2))

    def sample(self, batch, length, generator):
        return torch.zeros(batch, length, dtype=torch.long)

    def encode(self, x):
        return x[:, None]

    def decode(self, latents, generator):
        return latents[:, 0]

    def latent_bits(self, x):
        return torch.tensor([float(x.shape[1])])


def test_bounds_and_latents():
    waves = [torch.zeros(3200, dtype=torch.long), torch.zeros(1600, dtype=torch.long)]
    found, again = (measuring._measured(Guess(), waves, waves) for _ in range(2))
    assert found["bits"] == again["bits"]
    assert 6 * 3200 < found["bits"][0] < 7 * 3200
    assert found["bits"][0] / 3200 != found["bits"][1] / 1600
    assert found["tighter"]["bits"] == pytest.approx([5.5 * 3200, 5.5 * 1600], rel=1e-6)
    assert found["latents"]
    assert found["latent_bits"] == [3200, 1600]
    assert found["lossless"] is None


def test_a_recording_without_a_chance_is_told(task, brief, monkeypatch):
    monkeypatch.setattr(measuring, "_bits", lambda *_: ([1.0, math.inf], 0.1))
    with pytest.raises(SottoError, match=r"uniform: 1\.wav costs inf bits with it; train it again"):
        measure(task)
    assert not list(Path(task.folder).rglob("*.json"))
