"""sotto prepare."""

import os
from typing import Any

import click

from sottovoce.cli.support.training import training_installed
from sottovoce.cli.support.workers import cores
from sottovoce.codec.errors import SottoError


@click.command("prepare")
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("-o", "--output", metavar="SHARDS", required=True, type=click.Path(), help="Folder for the shards.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Number of processes. [one per core]")
def command(directory: str, output: str, jobs: int | None) -> None:
    """Make training shards of a folder of speech.

    \b
    sotto prepare speech -o shards
    """
    if not os.path.isdir(directory):
        raise SottoError("no such folder", "check the name", directory)
    with training_installed():
        from sottovoce.models.training.shards import prepare

        try:
            index: dict[str, Any] = prepare(os.path.abspath(directory), output, jobs or cores())
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    for line in index["skipped"]:
        click.echo(f"warning: {line}, skipped", err=True)
    aligned = sum("phones" in utterance for utterance in index["utterances"])
    known = f", {aligned} of them with phones" if aligned else ""
    click.echo(f"{len(index['utterances'])} recordings, {index['hours']} h{known}, in {output}")
