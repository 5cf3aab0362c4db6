"""Configs: where they are found, and what may be changed in them from outside."""

import tomllib
from pathlib import Path

import pytest

from sottovoce.models.training.configs import override, read_config
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.run import train


def test_by_name_and_by_path(tmp_path: Path):
    assert read_config("default")["model"]["rate"] == 25
    (tmp_path / "own.toml").write_text("[model]\nrate = 50\n")
    assert read_config(tmp_path / "own.toml") == {"model": {"rate": 50}}


def test_missing_and_broken(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_config(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("[model\n")
    with pytest.raises(tomllib.TOMLDecodeError):
        read_config(tmp_path / "broken.toml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50),
        ("1e-3", 1e-3),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ('"a b"', "a b"),
        ("runs/other", "runs/other"),
        ("{ pitch = 2.0 }", {"pitch": 2.0}),
    ],
)
def test_values(text: str, value: object):
    config = {"stage": {"spectrum": {"steps": 1}}}
    override(config, {"stage.spectrum.steps": text, "new.table.key": text})
    assert config == {"stage": {"spectrum": {"steps": value}}, "new": {"table": {"key": value}}}


def test_unknown_stage(run_config):
    with pytest.raises(TrainingError, match=r"no stage 'decoder'.*it has spectrum"):
        train(run_config("spectrum"), stage="decoder")


@pytest.mark.parametrize("changes", [{"model.rate.deep": "1"}, {"stage.spectrum.lerning_rate": "1"}])
def test_what_cannot_be_set(run_config, changes: dict[str, str]):
    with pytest.raises(TrainingError, match=r"rate"):
        train(run_config("spectrum", steps=1), overrides=changes)


def test_part_of_a_table_keeps_the_rest_of_its_defaults(run_config):
    assert train(run_config("spectrum", steps=1), overrides={"stage.spectrum.weights.pitch": "2.0"})
