"""sotto voice."""

from pathlib import Path

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.codec.io.files import STANDARD, writing
from sottovoce.codec.models import by_name
from sottovoce.codec.voice import profiles

SPEAKERS = {
    "awb": "man, Scottish English (synthetic)",
    "kal": "man, American English (synthetic, of diphones)",
    "rms": "man, American English (synthetic)",
    "slt": "woman, American English (synthetic)",
}
"""Who speaks in the bundled voices."""


@click.group("voice")
def command() -> None:
    """List and make the voices that `sotto decode --voice` takes."""


@command.command("make")
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "-o", "--output", metavar="NAME.json", required=True, type=click.Path(allow_dash=True), help="Profile to write."
)
@options.model
@options.force
@options.as_json
def make(recordings: tuple[str, ...], output: str, model: str, force: bool, as_json: bool) -> None:
    """Measure the voice in recordings of one person, and write it as a profile.

    The first minute of each recording is used; ten seconds of speech are enough. Ask the person first.

    \b
    sotto voice make anna.wav -o anna.json
    sotto decode talk.sotto --voice anna.json -o converted.wav
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
    """List the bundled voices and who speaks; `sotto decode --voice` takes their names."""
    console = Console(as_json=as_json)
    for profile in profiles.bundled_profiles():
        speaker = SPEAKERS.get(profile.name, "")
        console.result(f"{profile.name:<6} {speaker:<52} model {profile.model.hex()}")
        console.document({**profile.as_dict(), "speaker": speaker})
