"""sotto models."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.summary import size
from sottovoce.codec import models
from sottovoce.codec.own_models import data_folder, own_models
from sottovoce.models import release
from sottovoce.models.release import Release
from sottovoce.models.wavenet.kernels import KernelError, default_kernel, slow_kernel_note

SOUNDS = {
    "low": "understandable with attention; some words change, the voice is similar",
    "default": "understandable; the voice is recognisable",
    "high": "clearer consonants, closer voice",
    "max": "the best that the model does",
}
"""How the presets of the bundled model sound."""

_HOUR = 3600


@click.command("models")
@click.option("--all", "everything", is_flag=True, help="Show training data, scores and hashes too.")
@options.as_json
def command(everything: bool, as_json: bool) -> None:
    """Show which preset to choose: bit rate, size of an hour and sound of each, for every bundled model.

    The bit rates are those of whole files, averaged over the recordings that the model was tested on.

    \b
    sotto models
    sotto encode talk.wav --preset high
    """
    console = Console(as_json=as_json)
    for name in release.available():
        model = models.by_name(name)
        console.document(_facts(name, model))
        console.result("\n".join(_lines(_facts(name, model)) if everything else _presets(name, model)))
    for name, path, sha256 in own_models():
        found = {"model": name, "id": sha256[:8], "file": str(path)}
        console.document(found)
        console.result(f"\nmodel {name} ({sha256[:8]}), your own: {path}{_summary(path) if everything else ''}")
    if not everything:
        console.result("\nEncoding is about 20 times, decoding about 6 times faster than real time on one core.")
        console.result(f"Speech is decoded with the kernel {_kernel()}.")
        console.result("--preset takes the name of a preset. Training data and scores: sotto models --all")
        console.result(f"--model takes models of your own: files, or their names here or in {data_folder()}")


def _summary(path: Path) -> str:
    """Return what the card of a model says about its training, on lines of its own."""
    card = json.loads(path.with_suffix(".json").read_text())
    lines = [card["summary"]] * ("summary" in card) + [str(one) for one in card.get("training", [])]
    return "".join(f"\n  {line}" for line in lines)


def _facts(name: str, model: Release) -> dict[str, Any]:
    presets = {preset.name: models.bit_rate(model, preset) for preset in model.presets.values()}
    return {"model": name, "id": model.id.hex(), "bit_rates": presets, "kernel": _kernel(), "card": model.card}


def _presets(name: str, model: Release) -> Iterator[str]:
    """Return the presets of a model as a table."""
    yield f"model {name} ({model.id.hex()})"
    yield f"  {'preset':<9} {'bit/s':>6}  {'an hour':>8}  sound"
    scores = model.card.get("scores", {})
    for preset in model.presets.values():
        rate = scores.get(preset.name, {}).get("bit/s", models.bit_rate(model, preset))
        sound = SOUNDS.get(preset.name, "")
        yield f"  {preset.name:<9} {rate:>6.0f}  {size(round(rate * _HOUR / 8)):>8}  {sound}".rstrip()


def _kernel() -> str:
    """Return the kernel that decodes here, with what the user should know about it."""
    try:
        return f"{default_kernel()} ({note})" if (note := slow_kernel_note()) else default_kernel()
    except KernelError as error:
        return f"none ({error})"


def _lines(value: Any) -> Iterator[str]:
    """Lay out nested values for reading, each level two columns further in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if _nested(inner):
                yield f"{key}:"
                yield from (f"  {line}" for line in _lines(inner))
            else:
                yield f"{key}: {_text(inner)}"
    elif _nested(value):
        for inner in value:
            first, *rest = _lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _text(value)


def _nested(value: Any) -> bool:
    """Tell whether a value needs lines of its own: numbers and words are listed in one."""
    if isinstance(value, list):
        return any(isinstance(one, dict | list) or " " in str(one) for one in value)
    return isinstance(value, dict)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
