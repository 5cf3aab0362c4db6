"""sotto export."""

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.training import configured, training_installed


@click.command("export")
@click.argument("config", metavar="CONFIG", type=click.Path())
@click.argument("weights", metavar="WEIGHTS", type=click.Path(exists=True))
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
    help="Shards of speech to calibrate on. [those of the config]",
)
@options.force
def command(config: str, weights: str, output: str, shards: str | None, force: bool) -> None:
    """Turn the run folder or weights file WEIGHTS, trained by CONFIG, into a model for --model NAME.safetensors.

    The phone recogniser of `sotto train phones` becomes the file that `sotto evaluate` measures phone errors with; it
    has no card.
    """
    with training_installed(), configured(config):
        from pathlib import Path

        from sottovoce.models.phones.export import export as export_recogniser
        from sottovoce.models.training.export import export
        from sottovoce.models.training.run import read_config

        tables = read_config(config)
        target = Path(output.removesuffix(".safetensors"))
        if "recogniser" in tables:
            export_recogniser(tables, Path(weights), target, force=force)
            return
        found = Path(shards or tables["stage"]["decoder"]["shards"])
        export(tables, Path(weights), found, target, force=force)
