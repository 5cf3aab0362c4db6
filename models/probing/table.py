"""What probes found, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sottovoce.models.probing.picture import rate

TASKS = {"phone": "phone", "gender": "gender", "gender_adults": "gender of adults", "speaker": "speaker"}


def markdown(report: dict[str, Any], picture: str) -> str:
    """The report of train.probe as a section with a table, and where its picture is."""
    return "\n".join(_lines(report, picture)) + "\n"


def _lines(report: dict[str, Any], picture: str) -> Iterator[str]:
    learned, tested = report["trained_on"], report["tested_on"]
    yield "## What the latents hold"
    yield ""
    yield (
        "Accuracy, in percent of latent steps, of small classifiers that see one step of a frozen model. Those of "
        f"phone and gender learned from {learned['recordings']} recordings and are tested on {tested['recordings']} of "
        f"{tested['speakers']} other speakers; that of {learned['speakers']} speakers, on other recordings of theirs. "
        "p_enc: in the encoder; p_proj: projected; p_bn: after the bottleneck; p_draw: with the noise of a VAE, which "
        "its rate pays for; p_cond: in the conditioner, told no speaker."
    )
    yield ""
    yield f"![Phones against gender]({picture})"
    yield ""
    yield f"| model | bit/s | point | {' | '.join(TASKS.values())} |"
    yield "| --- | ---: | --- |" + " ---: |" * len(TASKS)
    for model in report["models"]:
        for point, found in model["accuracy"].items():
            cells = " | ".join(f"{found[task]:.1f}" for task in TASKS)
            yield f"| {model['name']} | {rate(model['bits_per_second'])} | {point} | {cells} |"
    guessed = report["models"][0]["chance"]
    yield f"| the commonest answer | – | – | {' | '.join(f'{guessed[task]:.1f}' for task in TASKS)} |"
