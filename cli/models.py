"""sotto models."""

from collections.abc import Iterator
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.codec import models
from sottovoce.models import release


@click.command("models")
@options.as_json
def command(as_json: bool) -> None:
    """List the models in the box: their presets and rates, hashes, training data and scores."""
    console = Console(as_json=as_json)
    for name in release.available():
        model = models.by_name(name)
        presets = {preset.name: models.bit_rate(model, preset) for preset in model.presets.values()}
        facts = {"model": name, "id": model.id.hex(), "bit_rates": presets, "card": model.card}
        console.document(facts)
        console.result("\n".join(_lines(facts)))


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
