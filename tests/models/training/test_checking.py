"""Configurations are checked before any work, and what is wrong is named together with what is right."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sottovoce.models.bottleneck import KINDS as BOTTLENECKS
from sottovoce.models.families.kinds import KINDS as FAMILIES
from sottovoce.models.training.checking import check_config
from sottovoce.models.training.configs import bundled, commented, override, place, read_config
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.reference import PRESET, TASKS, stage_table, tables_of


def check(name: str, changes: dict[str, str]) -> None:
    config = read_config(name)
    override(config, changes)
    check_config(config)


@pytest.mark.parametrize("name", bundled())
def test_bundled_configs_are_right(name: str):
    check_config(read_config(name))


def test_every_key_has_a_meaning():
    kinds: list[dict[str, Any]] = [{"family": {"kind": kind}} for kind in FAMILIES]
    kinds += [
        {"model": {"spectrum": spectrum}, "bottleneck": {"kind": kind}}
        for spectrum in ("strided", "linear-core")
        for kind in BOTTLENECKS
    ]
    tables = [table for config in [*kinds, {"recogniser": {}}] for table in tables_of(config).values()]
    for table in [*tables, PRESET, *map(stage_table, TASKS)]:
        for name, key in table.items():
            assert key.about, name


@pytest.mark.parametrize("name", bundled())
def test_commented_config_is_the_same(name: str):
    text = commented(name)
    config = read_config(name)
    config.pop("about", None)
    assert tomllib.loads(text) == config
    for line in text.splitlines():
        assert "  # " in line or line.startswith(("#", "[")) or not line, line


def test_comments_give_defaults_of_other_keys():
    assert "# seed = 0 " in commented("tiny")
    assert "# commitment = 0.25 " in commented("tiny")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": "5"}, r"there is no table 'steps'.*stage\.spectrum\.steps or stage\.decoder\.steps"),
        ({"modl.rate": "50"}, r"no table 'modl' \(did you mean model\?\); there are model, encoder"),
        ({"stage.train.shards": "x"}, r"stage\.train\.task: no task; choose one of spectrum"),
        ({"wavenet.chanels": "3"}, r"wavenet: there is no setting chanels \(did you mean channels\?\)"),
        ({"encoder.width": "3"}, r"encoder: there is no setting width"),
        ({"stage.spectrum.steps": "abc"}, r"stage\.spectrum\.steps = 'abc': give a whole number"),
        ({"stage.spectrum.steps": "-1"}, r"-1 is too small; give 1 or more"),
        ({"stage.spectrum.batch": "0"}, r"0 is too small"),
        ({"stage.spectrum.batch": "2.5"}, r"give a whole number"),
        ({"stage.spectrum.batch": "true"}, r"give a whole number"),
        ({"stage.spectrum.learning_rate": "-1e-3"}, r"give 0 or more"),
        ({"stage.spectrum.clip": "0"}, r"give more than 0"),
        ({"stage.spectrum.learning_rate": "inf"}, r"not possible"),
        ({"stage.spectrum.augment": "1"}, r"give true or false"),
        ({"stage.spectrum.weights.pich": "1"}, r"there is no pich; there are pitch, voicing, modulation"),
        ({"stage.spectrum.weights.pitch": "x"}, r"weights\.pitch = 'x': give a number"),
        ({"stage.spectrum.ema": "1.5"}, r"too large; give at most 1"),
        ({"stage.spectrum.preset_chances": "[1.0]"}, r"has 1 numbers for 2 presets"),
        ({"stage.spectrum.task": "spektrum"}, r"'spektrum' is unknown; choose one of spectrum"),
        ({"model.rate": "30"}, r"choose one of 25, 50"),
        ({"model.inputs": "mel"}, r"choose one of logmel"),
        ({"bottleneck.kind": "rwq"}, r"choose one of ae, vae, vq, rvq"),
        ({"bottleneck.bits": "[8, 6]"}, r"'default' uses 4 codebooks, and bottleneck.bits has 2"),
        ({"bottleneck.bits": "[]"}, r"bits is empty"),
        ({"bottleneck.bits": "[8, 6, 6, 6.5]"}, r"6\.5 is not possible; give a list of whole"),
        ({"wavenet.head": "softmx"}, r"choose one of softmax, mixture"),
        ({"presets": "3"}, r"presets is a list of tables"),
        ({"decoding.floor": "-1"}, r"too small"),
        ({"wavenet": "3"}, r"wavenet is a table"),
        ({"stage": "3"}, r"no table \[stage\.NAME\]"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, str], words: str):
    with pytest.raises(TrainingError, match=words):
        check("tiny", changes)


def test_presets_differ_from_each_other():
    config = read_config("tiny")
    config["presets"][1]["index"] = 0
    with pytest.raises(TrainingError, match="two presets have the index"):
        check_config(config)
    config["presets"][1]["index"] = 256
    with pytest.raises(TrainingError, match="at most 255"):
        check_config(config)
    del config["presets"][1]["index"]
    with pytest.raises(TrainingError, match="presets, number 2: no index"):
        check_config(config)


def test_missing_tables_and_keys():
    config = read_config("tiny")
    del config["conditioner"]
    with pytest.raises(TrainingError, match=r"no table \[conditioner\]"):
        check_config(config)
    config = read_config("tiny")
    del config["stage"]["decoder"]["out"]
    with pytest.raises(TrainingError, match=r"stage\.decoder: no out"):
        check_config(config)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family.kind": "lstn"}, "choose one of ngram"),
        ({"family.hiden": "3"}, r"no setting hiden \(did you mean hidden\?\)"),
        ({"family.hidden": "0"}, "too small"),
        ({"model.rate": "25"}, "no table 'model'"),
    ],
)
def test_families(changes: dict[str, str], words: str):
    with pytest.raises(TrainingError, match=words):
        check("families/lstm", changes)


def test_unknown_names_get_suggestions(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"did you mean families/lstm.*sotto train --list"):
        read_config("lstm")
    with pytest.raises(FileNotFoundError, match="sotto train --list"):
        read_config(tmp_path / "none.toml")


def test_place_moves_run_folders_and_where_stages_start():
    config = read_config("tiny")
    place(config, "my/shards", "my/runs")
    stages = config["stage"]
    assert [stage["shards"] for stage in stages.values()] == ["my/shards"] * 2
    assert stages["spectrum"]["out"] == str(Path("my/runs/spectrum"))
    assert stages["decoder"]["start"] == str(Path("my/runs/spectrum"))
