"""The card of an exported model: what it was trained on, for how long and where, from the records of its runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sottovoce.models.training.record import read_record

_KEPT = (
    "stage",
    "task",
    "steps",
    "batch",
    "seconds_each",
    "seconds",
    "device",
    "trained_parameters",
    "speech",
    "began",
)


def card_of(config: dict[str, Any], weights: Path) -> dict[str, Any]:
    """Return the facts about a model's training.

    Parameters
    ----------
    config : dict
        The configuration of the run.
    weights : path
        Run folder or weights file of the last stage; stages that it started from are followed by their run folders.

    Returns
    -------
    dict
        "summary", a sentence; "training", a line for each stage; and "stages", the same as values.
    """
    stages = list(_stages(weights))
    known = [one for one in stages if "stage" in one]
    speech = known[-1]["speech"] if known else {}
    rate = config["model"]["rate"]
    books = [preset["books"] for preset in config["presets"]]
    rates = [rate * sum(config["bottleneck"]["bits"][:count]) for count in (min(books), max(books))]
    trained = "; how it was trained is not known"
    if "hours" in speech:
        count = speech["speakers"]
        of = f"{speech['recordings']} recordings of {count} speaker{'s' * (count != 1)}"
        trained = f"; trained on {speech['hours']:g} hours: {of}"
    return {
        "summary": f"16 kHz speech at {rates[0]:g} to {rates[1]:g} bit/s{trained}",
        "training": [_line(one) for one in stages],
        "stages": stages,
    }


def _stages(weights: Path) -> Iterator[dict[str, Any]]:
    """Yield the facts of each stage, the first one first."""
    record = read_record(weights)
    if record is None:
        yield {"weights": weights.name}
        return
    settings = record["config"]["stage"][record["stage"]]
    starts = settings.get("start", [])
    for start in [starts] if isinstance(starts, str) else starts:
        yield from _stages(Path(start))
    yield {key: record[key] for key in _KEPT if key in record}


def _line(stage: dict[str, Any]) -> str:
    if "stage" not in stage:
        return f"weights {stage['weights']}, whose training is not known"
    each = f" of {stage['seconds_each']:g} s" if stage.get("seconds_each") else ""
    time = f", {stage['seconds'] / 60:.0f} minutes" if stage.get("seconds") else ""
    return f"{stage['stage']}: {stage['steps']:,} steps of {stage['batch']} stretches{each}{time}, {stage['device']}"
