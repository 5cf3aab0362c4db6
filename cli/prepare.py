"""sotto prepare."""

import os
from pathlib import Path
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.training import training_installed
from sottovoce.cli.support.workers import cores
from sottovoce.codec.errors import SottoError


@click.command("prepare")
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("-o", "--output", metavar="SHARDS", required=True, type=click.Path(), help="Folder for the shards.")
@click.option(
    "--speakers",
    "table",
    metavar="TABLE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Who speaks: a table with columns path (relative to the table) and speaker. [DIR.csv, or by folder]",
)
@click.option("--one-speaker", is_flag=True, help="All recordings are of one speaker, whatever their folders.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Number of processes. [one per core]")
@options.force
def command(directory: str, output: str, table: str | None, one_speaker: bool, jobs: int | None, force: bool) -> None:
    """Make training shards of a folder of speech.

    The folder that a recording is in is its speaker, unless a table or --one-speaker says otherwise. Some speakers are
    held out of training to test on; of a single speaker, some recordings are.

    \b
    sotto prepare speech -o shards
    sotto prepare audiobook -o shards --one-speaker
    """
    if not os.path.isdir(directory):
        raise SottoError("no such folder", "check the name", directory)
    if table and one_speaker:
        raise click.UsageError("--speakers and --one-speaker contradict each other")
    if os.path.exists(os.path.join(output, "index.json")) and not force:
        raise SottoError("has shards already", "choose another folder, or -f to overwrite them", output)
    with training_installed():
        from sottovoce.models.training.shards import held_out_utterances, prepare

        who: dict[str, Any] = {"table": Path(table) if table else None, "one_speaker": one_speaker}
        try:
            index: dict[str, Any] = prepare(os.path.abspath(directory), output, jobs or cores(), **who)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    for line in index["skipped"]:
        click.echo(f"warning: {line}, skipped", err=True)
    utterances = index["utterances"]
    aligned = sum("phones" in utterance for utterance in utterances)
    known = f", {aligned} of them with phones" if aligned else ""
    held = sum(held_out_utterances(utterances))
    speakers = len({utterance["speaker"] for utterance in utterances})
    several = f"{speakers} speakers" if speakers > 1 else "one speaker"
    click.echo(f"{len(utterances)} recordings of {several}, {index['hours']} h{known}, in {output}")
    if speakers == 1 and not one_speaker:
        click.echo(
            "note: all recordings are in one folder, so they count as one speaker's. If there are several speakers, "
            "put each one's recordings into a folder of their own, or name them in a table: --speakers",
            err=True,
        )
    what = f"{held} recordings of some speakers" if speakers > 1 else f"{held} recordings"
    click.echo(f"{what} are held out of training, to test on; next: sotto train tiny --shards {output}")
