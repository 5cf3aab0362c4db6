"""sotto voice."""

from pathlib import Path

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.codec.io.files import STANDARD, writing
from sottovoce.codec.models import by_name
from sottovoce.codec.voice import profiles


@click.group("voice")
def command() -> None:
    """Voices in which `sotto decode --voice` can speak."""


@command.command("make")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("-o", "--output", metavar="NAME.json", required=True, type=click.Path(allow_dash=True), help="Profile.")
@options.model
@options.force
@options.as_json
def make(recordings: tuple[str, ...], output: str, model: str, force: bool, as_json: bool) -> None:
    """Take the voice of recordings of one person, and write it as a profile.

    The first minute of each counts; ten seconds of speech are enough. Ask whom you record.
    """
    console = Console(as_json=as_json)
    console.results_aside = output == STANDARD
    name = "voice" if output == STANDARD else Path(output).stem
    with writing(output, force=force) as file:
        profile = profiles.measure(name, recordings, by_name(model))
        file.write(profile.pack())
    console.result(f"{name}: {output}")
    console.document(profile.as_dict())


@command.command("list")
@options.as_json
def listing(as_json: bool) -> None:
    """List the voices in the box; --voice takes their names."""
    console = Console(as_json=as_json)
    for profile in profiles.boxed():
        console.result(f"{profile.name:<12} model {profile.model.hex()}")
        console.document(profile.as_dict())
