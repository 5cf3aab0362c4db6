"""sotto export."""

import os
from pathlib import Path
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.training import configured, training_installed
from sottovoce.codec.errors import SottoError


@click.command("export")
@click.argument("run", metavar="[CONFIG] RUN", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="NAME",
    required=True,
    type=click.Path(),
    help="Writes NAME.safetensors and its card, NAME.json.",
)
@click.option(
    "--shards",
    type=click.Path(exists=True, file_okay=False),
    help="Shards of speech to calibrate on. [those of the run]",
)
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="Change a setting, such as decoding.floor=0."
)
@click.option("--about", "with_about", is_flag=True, help="Put the table [about] of CONFIG into the card, too.")
@options.force
def command(
    run: tuple[str, ...], output: str, shards: str | None, settings: tuple[str, ...], with_about: bool, force: bool
) -> None:
    """Turn the run folder or weights file RUN into a model for --model NAME.

    The configuration and the shards are those of the run, which its folder knows; another CONFIG may be named before
    it. The card tells what this model was trained on, for how long, and on which machine.

    The phone recogniser of `sotto train phones` becomes the file that `sotto evaluate` measures phone errors with; it
    has no card.

    \b
    sotto export runs/tiny/decoder -o mine
    """
    if len(run) > 2:
        raise click.UsageError("give a run folder, with a configuration before it if it knows none")
    weights = run[-1]
    if not os.path.exists(weights):
        raise SottoError("no such run folder or weights file", "check the name", weights)
    name = Path(output)
    name = name.with_suffix("") if name.suffix in (".safetensors", ".json") else name
    _check_free(name, force)
    with training_installed(), configured(run[0]):
        tables = _config(run)
        from sottovoce.cli.train import _pair
        from sottovoce.models.training.configs import override

        override(tables, dict(_pair(setting) for setting in settings))
        _export(tables, Path(weights), name, shards, with_about=with_about, force=force)


def _config(run: tuple[str, ...]) -> dict[str, Any]:
    from sottovoce.models.training.configs import read_config
    from sottovoce.models.training.record import read_record

    if len(run) == 2:
        return read_config(run[0])
    record = read_record(Path(run[0]))
    if record is None:
        raise SottoError("has no run.json", f"name its configuration: sotto export CONFIG {run[0]} -o NAME", run[0])
    return record["config"]


def _export(
    tables: dict[str, Any], weights: Path, name: Path, shards: str | None, *, with_about: bool, force: bool
) -> None:
    from sottovoce.models.phones.export import export as export_recogniser
    from sottovoce.models.training.card import card_of
    from sottovoce.models.training.checking import check_config
    from sottovoce.models.training.export import export

    check_config(tables)
    about = tables.pop("about", {}) if with_about else {}
    if "recogniser" in tables:
        export_recogniser(tables, weights, name, force=force)
        click.echo(f"{name}.safetensors")
        return
    if "model" not in tables:
        raise SottoError("is of a family, which is not exported", "sotto compare takes it as it is", str(weights))
    stages = [stage for stage in tables["stage"].values() if stage["task"] in ("decoder", "joint")]
    if not stages or "presets" not in tables or "decoding" not in tables:
        raise SottoError("has no decoder stage, presets or table [decoding]", "train these too", str(weights))
    found = Path(shards or stages[-1]["shards"])
    export(tables | {"about": {**card_of(tables, weights), **about}}, weights, found, name, force=force)
    click.echo(f"{name}.safetensors, {name}.json; next: sotto encode talk.wav --model {name}.safetensors")


def _check_free(name: Path, force: bool) -> None:
    for suffix in (".safetensors", ".json"):
        path = Path(f"{name}{suffix}")
        if path.exists() and not force:
            raise SottoError("exists already", "choose another name, or -f to overwrite", str(path))
