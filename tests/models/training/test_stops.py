"""A run that cannot go on says why, and leaves nothing that is broken."""

import math
from pathlib import Path

import pytest
import torch

from sottovoce.models.training import tasks
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.run import train


@pytest.mark.parametrize("log_every", [1, 4])
def test_a_loss_that_is_not_finite(run_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_every: int):
    plain = tasks.SpectrumObjective.loss
    taken = []

    def loss(self, batch):
        taken.append(1)
        value, log = plain(self, batch)
        return (value * math.nan if len(taken) == 6 else value), log

    monkeypatch.setattr(tasks.SpectrumObjective, "loss", loss)
    with pytest.raises(TrainingError, match=r"not finite|loss nan") as error:
        train(run_config("spectrum", steps=20, log_every=log_every, save_minutes=0))
    assert "learning rate" in str(error.value)
    # the checkpoint that the message names is one to go on from
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert state["step"] <= 5
    assert all(torch.isfinite(value).all() for value in state["model"].values() if isinstance(value, torch.Tensor))


def test_latents_that_are_ignored(run_config):
    path = run_config("decoder", steps=8, check_every=4, gap_from=4, gap_least=100.0)
    with pytest.raises(TrainingError, match=r"latents are ignored.*at step 4.*weaken the decoder"):
        train(path)


def test_latents_are_given_time(run_config):
    figures = train(run_config("decoder", steps=4, check_every=4, gap_from=5, gap_least=100.0))
    assert figures["latent_gap"] < 100


@pytest.mark.parametrize("contents", [b"", b"Dear diary,", bytes(1000), None])
def test_a_damaged_checkpoint_is_one_line(run_config, tmp_path: Path, contents: bytes | None):
    path = run_config("spectrum", steps=2, save_minutes=0)
    train(path)
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:2000] if contents is None else contents)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt: damaged, or not a checkpoint; delete it to start"):
        train(path, resume=True)
