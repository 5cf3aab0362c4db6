"""A tiny recogniser learns a language of four phones, and can't learn it from lies."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import babble
from safetensors.numpy import load_file

from sottovoce.codec.evaluation import phones as judge
from sottovoce.models.phones import train as training
from sottovoce.models.phones.export import export
from sottovoce.models.phones.network import PhoneNetwork, recogniser_input
from sottovoce.models.training.configs import read_config
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.run import stage_settings, train

TINY = {"channels": 24, "dilations": [1, 2], "dropout": 0.0}


def write_config(folder: Path, shards: Path, **settings: object) -> Path:
    stage = {
        "task": "phones", "shards": str(shards), "out": str(folder / "run"), "steps": 300, "batch": 8, "seconds": 1.5,
        "max_phones": 12, "learning_rate": 1e-2, "warmup_steps": 10, "ema": 0.95, "log_every": 20, "check_every": 300,
    } | settings  # fmt: skip
    lines = ["[recogniser]", *(f"{k} = {json.dumps(v)}" for k, v in TINY.items())]
    lines += ["[stage.phones]", *(f"{k} = {json.dumps(v)}" for k, v in stage.items())]
    path = folder / "phones.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing spoils what is said: a language is learned in fewer steps."""
    monkeypatch.setattr(training, "degrade", lambda wave, generator: wave)


@pytest.mark.usefixtures("clear")
def test_it_learns_to_hear(babbling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = write_config(tmp_path, babbling)
    figures = train(config)
    assert figures["dev_phone_error"] < 20
    # and what is exported hears the same, in sentences and from voices that nobody trained on
    export(read_config(config), tmp_path / "run", tmp_path / "judge")
    network = judge.read((tmp_path / "judge.safetensors").read_bytes())
    monkeypatch.setattr(judge, "recogniser", lambda: network)
    random = np.random.default_rng(5)
    right, wrong = [], []
    for seed in range(8):
        said, others = babble.sentence(random), babble.sentence(random)
        wave, _ = babble.say(said, 1000 + seed)
        right.append(judge.error_rate(wave, ["SIL", *said]))
        wrong.append(judge.error_rate(wave, others))
        assert network.phones(0.01 * wave) == network.phones(wave)  # at any level
        noise = np.random.default_rng(seed).standard_normal(len(wave)).astype(np.float32)
        assert judge.error_rate(noise, said) >= judge.error_rate(wave, said)
    assert np.mean(right) < 20 < 40 < np.mean(wrong)


@pytest.mark.usefixtures("clear")
def test_lies_teach_nothing(tmp_path: Path):
    shards = babble.write_shards(tmp_path / "lies", honest=False)
    assert train(write_config(tmp_path, shards))["dev_phone_error"] > 40


def test_what_a_run_leaves_and_goes_on_from(babbling: Path, tmp_path: Path):
    config = write_config(tmp_path, babbling, steps=3, log_every=1, check_every=2)
    train(config)
    run = tmp_path / "run"
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [1, 2, 3]
    assert ["dev_phone_error" in entry for entry in entries] == [False, True, True]
    assert {tensor.dtype.name for tensor in load_file(run / "weights.safetensors").values()} == {"float32"}
    with pytest.raises(TrainingError, match="--resume"):
        train(config)
    assert train(config, resume=True, overrides={"stage.phones.steps": "4"})["nats_per_phone"] > 0


def test_settings_of_another_task_are_refused(babbling: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match="no setting past_noise"):
        train(write_config(tmp_path, babbling, past_noise=0.5))


def test_the_config_in_the_box():
    config = read_config("phones")
    assert stage_settings(config, "phones")["seconds"] == 4.0
    parameters = sum(p.numel() for p in PhoneNetwork(config).parameters())
    assert 2 * parameters < 5_000_000  # bytes in float16


def test_company_changes_nothing():
    """An utterance in a padded batch gives what it gives alone."""
    torch.manual_seed(0)
    model = PhoneNetwork({"recogniser": TINY}).eval()
    for block in model.blocks:
        torch.nn.init.normal_(block.mix.weight, std=0.3)
    wave = 0.1 * torch.randn(1, 16000)
    with torch.no_grad():
        alone = model(*recogniser_input(wave, torch.tensor([16000])))
        together = model(*recogniser_input(torch.nn.functional.pad(wave, (0, 8000)), torch.tensor([16000])))
    torch.testing.assert_close(together[:, :50], alone, atol=1e-4, rtol=1e-4)
