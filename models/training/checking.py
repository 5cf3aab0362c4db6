"""Checks of a training configuration before any work: tables, keys, types, and values that are possible."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from sottovoce.models.bottleneck import KINDS as BOTTLENECKS
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.reference import PRESET, REQUIRED, TASKS, Key, Table, stage_table, tables_of

_SPEECH = ("model", "encoder", "bottleneck", "speaker", "conditioner", "wavenet")
_TYPES = {
    "a whole number": (int,),
    "a number": (int, float),
    "text": (str,),
    "true or false": (bool,),
    "a table": (dict,),
    "a list of whole numbers": (list, tuple),
    "a list of numbers": (list, tuple),
    "a path or a list of paths": (str, list),
}


def check_config(config: Mapping[str, Any]) -> None:
    """Check a whole configuration.

    Raises
    ------
    TrainingError
        When a table or a key is unknown or missing, or a value has the wrong type or is impossible.
    """
    stages = config.get("stage")
    if not isinstance(stages, dict) or not stages or not all(isinstance(one, dict) for one in stages.values()):
        raise TrainingError("there is no table [stage.NAME], which says how to train; see `sotto config default`")
    try:
        tables = tables_of(config)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    known = [*tables, "stage", "presets", "about"] if "model" in tables else [*tables, "stage", "about"]
    for name in config:
        if name not in known:
            raise TrainingError(_unknown_table(name, known, stages))
    for name, table in tables.items():
        if name in config or name in (*_SPEECH, "recogniser", "family"):
            _check_table(name, config.get(name), table)
    for name, stage in stages.items():
        _check_stage(name, stage)
    if "presets" in config:
        _check_presets(config)
    bottleneck = config.get("family", {}).get("bottleneck")
    if bottleneck is not None:
        _check_kind("family.bottleneck.kind", bottleneck.get("kind"), tuple(BOTTLENECKS))


def _unknown_table(name: str, known: Iterable[str], stages: Mapping[str, Any]) -> str:
    """Return what to say of an unknown key at the top: most often it is a setting of a stage, or misspelt."""
    if any(name in settings for settings in TASKS.values()) or name in ("steps", "shards", "out", "task"):
        where = " or ".join(f"stage.{stage}.{name}" for stage in stages)
        return f"there is no table {name!r}; the setting of that name is {where}"
    return f"there is no table {name!r}{_meant(name, known)}; there are {', '.join(known)}"


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _check_table(where: str, given: Any, table: Table) -> None:
    if given is None:
        raise TrainingError(f"there is no table [{where}]; it has the keys {', '.join(table)}")
    if not isinstance(given, Mapping):
        raise TrainingError(f"{where} is a table, not {given!r}")
    for key, value in given.items():
        if key not in table:
            raise TrainingError(f"{where}: there is no setting {key}{_meant(key, table)}; there are {', '.join(table)}")
        _check_value(f"{where}.{key}", value, table[key])
    for key, what in table.items():
        if what.default is REQUIRED and key not in given:
            raise TrainingError(f"{where}: no {key}; it is {what.kind}: {what.about}")


def _check_stage(name: str, stage: Mapping[str, Any]) -> None:
    _check_kind(f"stage.{name}.task", stage.get("task"), tuple(TASKS))
    _check_table(f"stage.{name}", stage, stage_table(stage["task"]))
    settings = TASKS[stage["task"]]
    for key, value in stage.items():
        default = settings.get(key)
        if isinstance(value, Mapping) and isinstance(default, dict):
            for inner, number in value.items():
                if default and inner not in default:
                    raise TrainingError(f"stage.{name}.{key}: there is no {inner}; there are {', '.join(default)}")
                _check_value(f"stage.{name}.{key}.{inner}", number, Key("a number", 0, "", 0))


def _check_kind(where: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        what = "no " + where.rsplit(".", 1)[1] if value is None else f"{value!r} is unknown"
        raise TrainingError(f"{where}: {what}; choose one of {', '.join(choices)}")


def _check_value(where: str, value: Any, key: Key) -> None:
    """Check the type of a value, and that it is possible."""
    boolean = isinstance(value, bool)
    if not isinstance(value, _TYPES[key.kind]) or boolean != (key.kind == "true or false"):
        raise TrainingError(f"{where} = {value!r}: give {key.kind} ({key.about})")
    if key.choices and value not in key.choices:
        raise TrainingError(f"{where} = {value!r}: choose one of {', '.join(map(str, key.choices))}")
    numbers = value if isinstance(value, list | tuple) else [value]
    for number in numbers:
        if "number" in key.kind:
            _check_number(where, number, key)
    if key.kind.startswith("a list of whole") and not numbers:
        raise TrainingError(f"{where} is empty; give {key.kind} ({key.about})")


def _check_number(where: str, number: Any, key: Key) -> None:
    kinds = (int,) if "whole" in key.kind else (int, float)
    if not isinstance(number, kinds) or isinstance(number, bool) or not math.isfinite(number):
        raise TrainingError(f"{where}: {number!r} is not possible; give {key.kind}")
    if key.least is not None and number < key.least:
        least = "more than 0" if 0 < key.least < 1e-3 else f"{key.least:g} or more"
        raise TrainingError(f"{where}: {number!r} is too small; give {least} ({key.about})")
    if key.most is not None and number > key.most:
        raise TrainingError(f"{where}: {number!r} is too large; give at most {key.most:g} ({key.about})")


def _check_presets(config: Mapping[str, Any]) -> None:
    """Check that presets are complete, different from each other, and name codebooks that there are."""
    presets = config["presets"]
    if not isinstance(presets, list) or not presets:
        raise TrainingError(f"presets is a list of tables [[presets]], each with {', '.join(PRESET)}")
    books = len(config["bottleneck"].get("bits", [0]))
    for number, preset in enumerate(presets, 1):
        _check_table(f"presets, number {number}", preset, PRESET)
        if preset["books"] > books:
            raise TrainingError(
                f"the preset {preset['name']!r} uses {preset['books']} codebooks, and bottleneck.bits has {books}"
            )
    for key in ("name", "index"):
        values = [preset[key] for preset in presets]
        if (twice := next((value for value in values if values.count(value) > 1), None)) is not None:
            raise TrainingError(f"two presets have the {key} {twice!r}; give each its own")
    for name, stage in config["stage"].items():
        chances = stage.get("preset_chances")
        if chances and len(chances) != len(presets):
            raise TrainingError(
                f"stage.{name}.preset_chances has {len(chances)} numbers for {len(presets)} presets; give one for each"
            )
