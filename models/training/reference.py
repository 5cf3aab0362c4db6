"""The keys of a training configuration: what each means, its type, and the values that are possible.

Names and defaults come from the code that takes them, the meaning from the tables here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from sottovoce.models.bottleneck import KINDS as BOTTLENECKS
from sottovoce.models.families import train as families
from sottovoce.models.families.kinds import family_class
from sottovoce.models.features import INPUTS
from sottovoce.models.linear_core import LinearCoreConditioner, LinearCoreEncoder
from sottovoce.models.phones import train as phones
from sottovoce.models.strided_conditioner import StridedConditioner
from sottovoce.models.strided_encoder import StridedEncoder
from sottovoce.models.training.key_meanings import ABOUT
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.wavenet.network import WaveNet

REQUIRED = object()
"""The default of a key that has none."""

TASKS = {"spectrum": DEFAULTS, "decoder": DEFAULTS, "joint": DEFAULTS} | {
    "phones": phones.DEFAULTS,
    "family": families.DEFAULTS,
}
"""Settings of each task of a stage, with their defaults."""


@dataclass(frozen=True)
class Key:
    """A key of a table.

    Parameters
    ----------
    kind : str
        What its value is: "a whole number", "a number", "text", "true or false", "a list of whole numbers", "a list of
        numbers", "a table", "a path or a list of paths".
    default : object
        Its default, or REQUIRED.
    about : str
        What it means.
    least, most : float or None
        Limits of the value, or of each in a list.
    choices : tuple
        Possible values, if they can be listed.
    """

    kind: str
    default: Any
    about: str
    least: float | None = None
    most: float | None = None
    choices: tuple[Any, ...] = ()


Table = dict[str, Key]

_KINDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}

LIMITS: dict[str, tuple[float | None, float | None]] = {
    **dict.fromkeys(("seed", "past_noise", "context", "floor", "contrast", "envelope_passes", "dilation"), (0, None)),
    **dict.fromkeys(("ema", "dropout", "jitter", "jitter_probability", "decay", "restart_below"), (0, 1)),
    **dict.fromkeys(("clip", "minutes", "seconds", "weight", "deviation"), (1e-12, None)),
    **dict.fromkeys(
        ("learning_rate", "free_bits", "commitment", "save_minutes", "gap_from", "order", "blocks"), (0, None)
    ),
    **dict.fromkeys(
        ("unscored_samples", "rates", "preset_chances", "weights", "gap_least", "early_channels"), (0, None)
    ),
    **dict.fromkeys(("voiced_temperature", "unvoiced_temperature"), (1e-6, None)),
    "decay_share": (1e-6, 1),
    "index": (0, 255),
    "gain_scale": (1e-6, None),
}
"""Limits of keys by name; whole numbers are 1 or more where there are none."""

CHOICES: dict[str, tuple[Any, ...]] = {
    "inputs": tuple(INPUTS),
    "rate": (25, 50),
    "spectrum": ("strided", "linear-core"),
    "head": ("softmax", "mixture"),
    "optimiser": ("adam", "muon"),
    "output": ("softmax", "gaussian", "mixture", "fixed"),
    "task": tuple(TASKS),
}


def tables_of(config: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables that a configuration may have, with their keys; "stage" is for each of its stages.

    What they are depends on the kinds that it names: of the network, the bottleneck and the family.
    """
    if "recogniser" in config:
        keys = {"channels": ("int", REQUIRED), "dilations": ("list[int]", REQUIRED), "dropout": ("float", 0.0)}
        return {"recogniser": {key: _key("recogniser", key, *what) for key, what in keys.items()}}
    if "family" in config:
        made = family_class(_text(config["family"], "kind"))
        table = _taken("family", made, kind="str")
        return {"family": table | {"kind": Key("text", REQUIRED, ABOUT["family"]["kind"])}}
    linear = _text(config.get("model", {}), "spectrum") == "linear-core"
    encoder: Callable = LinearCoreEncoder if linear else StridedEncoder
    conditioner: Callable = LinearCoreConditioner if linear else StridedConditioner
    bottleneck = BOTTLENECKS.get(_text(config.get("bottleneck", {}), "kind"), BOTTLENECKS["rvq"])
    kinds = Key("text", REQUIRED, ABOUT["bottleneck"]["kind"], choices=tuple(BOTTLENECKS))
    given = ("inputs", "latent", "speaker", "presets", "rate", "bands")
    return {
        "model": {
            "inputs": _key("model", "inputs", "str", REQUIRED),
            "rate": _key("model", "rate", "int", REQUIRED),
            "spectrum": _key("model", "spectrum", "str", "strided"),
        },
        "encoder": _taken("encoder", encoder, without=given),
        "bottleneck": {"kind": kinds} | _taken("bottleneck", bottleneck),
        "speaker": {
            "size": _key("speaker", "size", "int", REQUIRED),
            "bits": _key("speaker", "bits", "list[int]", REQUIRED),
        },
        "conditioner": _taken("conditioner", conditioner, without=given),
        "wavenet": _taken("wavenet", WaveNet, without=("inputs", "outputs", "rows"))
        | {
            "adapter": _key("wavenet", "adapter", "int", None),
            "order": _key("wavenet", "order", "int", REQUIRED),
            "head": _key("wavenet", "head", "str", REQUIRED),
        },
        "decoding": {
            "voiced_temperature": _key("decoding", "voiced_temperature", "float", REQUIRED),
            "unvoiced_temperature": _key("decoding", "unvoiced_temperature", "float", REQUIRED),
            "floor": _key("decoding", "floor", "float", REQUIRED),
            "envelope_passes": _key("decoding", "envelope_passes", "int", REQUIRED),
            "contrast": _key("decoding", "contrast", "float", 0.0),
        },
    }


def stage_table(task: str) -> Table:
    """Return the keys of a stage with this task."""
    needed = {"task": "str", "shards": "str", "out": "str", "steps": "int"}
    table = {key: _key("stage", key, kind, REQUIRED) for key, kind in needed.items()}
    for key, default in TASKS[task].items():
        table[key] = _key("stage", key, _kind_of(key, default), default)
    return table


def _text(table: Any, key: str) -> str:
    return str(table.get(key, "")) if isinstance(table, Mapping) else ""


def _taken(table: str, function: Callable, *, without: tuple[str, ...] = (), **kinds: str) -> Table:
    """Return the keys that a class takes, from the signature of its constructor."""
    found = {}
    for name, parameter in signature(function).parameters.items():
        if name not in without:
            default = REQUIRED if parameter.default is Parameter.empty else parameter.default
            found[name] = _key(table, name, kinds.get(name, str(parameter.annotation)), default)
    return found


def _key(table: str, name: str, kind: str, default: Any) -> Key:
    """Return a key by the annotation of its type."""
    kind = kind.strip("'")
    if kind.startswith(("list", "tuple", "Sequence")):
        words = "a list of numbers" if "float" in kind else "a list of whole numbers"
    elif kind.startswith("dict"):
        words = "a table"
    else:
        words = _KINDS.get(kind, kind)
    whole = "whole" in words
    least, most = LIMITS.get(name, (1 if whole else None, None))
    if table == "stage" and name == "context":
        least = 0
    choices = CHOICES.get(name, ()) if words in ("text", "a whole number") else ()
    return Key(words, default, ABOUT[table].get(name, ""), least, most, choices)


def _kind_of(key: str, default: Any) -> str:
    """Return the annotation of a setting, by its default."""
    if key == "start":
        return "a path or a list of paths"
    if isinstance(default, list):
        return "list[float]"
    return type(default).__name__


PRESET = {
    "name": _key("presets", "name", "str", REQUIRED),
    "index": _key("presets", "index", "int", REQUIRED),
    "books": _key("presets", "books", "int", REQUIRED),
}
"""Keys of each of the presets."""
