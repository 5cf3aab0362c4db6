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

SHOWN = {"phone": "phone", "gender": "gender", "gender_adults": "gender (adults)", "speaker": "speaker"}


@click.command("probe")
@click.argument("families", metavar="FAMILY...", nargs=-1, required=True, type=click.Path())
@click.option("--speech", metavar="DIR", required=True, type=click.Path(), help="Folder with labelled speech.")
@click.option(
    "-o",
    "--output",
    metavar="OUT.json",
    required=True,
    type=click.Path(dir_okay=False),
    help="Results; a plot goes beside it.",
)
def command(families: tuple[str, ...], speech: str, output: str) -> None:
    """Measure which information the latents of models contain: phones, gender, speaker.

    A FAMILY is a model of kind latent-wavenet: the name of a bundled one, a run folder, or a family.safetensors file.

    DIR contains train.csv and valid.csv (columns path, corpus, speaker, gender and, optionally, age) and alignments.csv
    (columns path and phones, as "NAME:first:end ..." in frames of 10 ms). Small classifiers (probes) of phone and
    gender are trained on recordings of train.csv and tested on those of valid.csv, which must have other speakers; the
    speaker probe is tested on other recordings of the training speakers. A probe sees one latent step: in the encoder
    (p_enc), projected (p_proj), after the bottleneck (p_bn; p_draw with the noise of a VAE) or in the conditioner
    (p_cond).

    Writes OUT.json, and OUT.svg with a plot of phone accuracy against gender accuracy for each bottleneck and rate.

    Example: sotto probe latent-vq latent-ae --speech speech -o probes.json
    """
    console, target = Console(lines=True), Path(output)
    if target.suffix != ".json":
        raise click.UsageError("the output file of -o must end in .json")
    with training_installed("probing"):
        from sottovoce.codec.evaluation.families.opening import open_families
        from sottovoce.models.families.latent import LatentWaveNet
        from sottovoce.models.probing.plot import svg
        from sottovoce.models.probing.train import probe

        opened = {}
        for one, family in open_families(families):
            if not isinstance(family, LatentWaveNet):
                raise SottoError("has no latents to probe", "choose a model of kind latent-wavenet", one.name)
            opened[one.name] = family
        try:
            with console.progress("probing"):
                report = probe(opened, Path(speech), console.note, advance=console.advance)
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
    """Text table of the report."""
    lines = [f"{'':26} {'bit/s':>7} {'point':7}" + "".join(f"{title:>16}" for title in SHOWN.values())]
    for model in report["models"]:
        rate = f"{model['bits_per_second']:.0f}"
        for point, found in (model["accuracy"] | {"chance": model["chance"]}).items():
            cells = "".join(f"{found[task]:15.1f}%" for task in SHOWN)
            lines.append(f"{model['name']:26} {rate:>7} {point:7}{cells}")
    return "\n".join(lines)
