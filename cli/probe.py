"""sotto probe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sottovoce.cli.support.console import Console
from sottovoce.cli.support.training import training_installed
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import writing

SHOWN = {"phone": "phone", "gender": "gender", "gender_adults": "adults' gender", "speaker": "speaker"}


@click.command("probe")
@click.argument("families", metavar="FAMILY...", nargs=-1, required=True, type=click.Path())
@click.option("--speech", metavar="DIR", required=True, type=click.Path(), help="Speech with its tables, see below.")
@click.option(
    "-o",
    "--output",
    metavar="OUT.json",
    required=True,
    type=click.Path(dir_okay=False),
    help="Results; a plot goes beside it.",
)
def command(families: tuple[str, ...], speech: str, output: str) -> None:
    """Measure what the latents of models hold: phones, gender, speaker.

    A FAMILY is one of kind latent-wavenet: its name in the box, or its run folder or family.safetensors.

    DIR holds train.csv and valid.csv (columns path, corpus, speaker, gender and, where you know it, age) and
    alignments.csv (path, phones as "NAME:first:end ..." in frames of 10 ms). Small classifiers learn from recordings of
    train.csv and are tested on other speakers, those of valid.csv; the one that tells speakers apart, on other
    recordings of the same. They look at one latent at a time: in the encoder (p_enc), projected (p_proj), after the
    bottleneck (p_bn; p_draw, with the noise of a VAE) and in the conditioner (p_cond).

    Writes OUT.json, and beside it OUT.svg: phones against gender, for each bottleneck and its rates.
    """
    console, target = Console(), Path(output)
    if target.suffix != ".json":
        raise click.UsageError("-o takes a name that ends in .json")
    with training_installed("probing"):
        from sottovoce.codec.evaluation.families.opening import open_families
        from sottovoce.models.families.latent import LatentWaveNet
        from sottovoce.models.probing.picture import svg
        from sottovoce.models.probing.train import probe

        opened = {}
        for one, family in open_families(families):
            if not isinstance(family, LatentWaveNet):
                raise SottoError("has no latents that can be probed", "choose one of kind latent-wavenet", one.name)
            opened[one.name] = family
        try:
            report = probe(opened, Path(speech), console.note)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    for path, text in (
        (target, json.dumps(report, indent=1) + "\n"),
        (target.with_suffix(".svg"), svg(report["models"])),
    ):
        with writing(str(path), force=True) as file:
            file.write(text.encode())
    console.result(_table(report))
    console.result(f"{target}, {target.with_suffix('.svg')}")


def _table(report: dict[str, Any]) -> str:
    """The report in words."""
    lines = [f"{'':26} {'bit/s':>7} {'point':7}" + "".join(f"{title:>16}" for title in SHOWN.values())]
    for model in report["models"]:
        rate = f"{model['bits_per_second']:.0f}"
        for point, found in (model["accuracy"] | {"chance": model["chance"]}).items():
            cells = "".join(f"{found[task]:15.1f}%" for task in SHOWN)
            lines.append(f"{model['name']:26} {rate:>7} {point:7}{cells}")
    return "\n".join(lines)
