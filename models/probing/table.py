"""Probing results as a Markdown section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sottovoce.models.probing.plot import rate

TASKS = {"phone": "phone", "gender": "gender", "gender_adults": "gender of adults", "speaker": "speaker"}


def markdown(report: dict[str, Any], plot: str) -> str:
    """Section with a table of the report of train.probe; `plot` is the path of the plot."""
    return "\n".join(_lines(report, plot)) + "\n"


def _lines(report: dict[str, Any], plot: str) -> Iterator[str]:
    learned, tested = report["trained_on"], report["tested_on"]
    yield "## Information in the latents"
    yield ""
    yield (
        "Accuracy, in percent of latent steps, of small classifiers of single steps of a frozen model. The probes of "
        f"phone and gender are trained on {learned['recordings']} recordings and tested on {tested['recordings']} "
        f"recordings of {tested['speakers']} other speakers; the probe of {learned['speakers']} speakers is tested on "
        "other recordings of the same speakers. p_enc: encoder; p_proj: projection; p_bn: after the bottleneck; "
        "p_draw: with the noise of a VAE, to which its rate corresponds; p_cond: conditioner, without a speaker vector."
    )
    yield ""
    yield f"![Phones against gender]({plot})"
    yield ""
    yield f"| model | bit/s | point | {' | '.join(TASKS.values())} |"
    yield "| --- | ---: | --- |" + " ---: |" * len(TASKS)
    for model in report["models"]:
        for point, found in model["accuracy"].items():
            cells = " | ".join(f"{found[task]:.1f}" for task in TASKS)
            yield f"| {model['name']} | {rate(model['bits_per_second'])} | {point} | {cells} |"
    guessed = report["models"][0]["chance"]
    yield f"| most frequent label | – | – | {' | '.join(f'{guessed[task]:.1f}' for task in TASKS)} |"
