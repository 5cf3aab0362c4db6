"""sotto play."""

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import DECODE
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.loudspeaker import Loudspeaker
from sottovoce.cli.support.names import voices
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.io.files import reading, shown
from sottovoce.codec.models import by_name
from sottovoce.codec.offline.decode import decoding
from sottovoce.codec.offline.file_decoder import Decoding
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.message_reader import open_reader
from sottovoce.codec.offline.options import DecodeOptions, TimeSpan
from sottovoce.codec.voice import profiles


@click.command("play")
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@options.weights
@options.seed
@options.speed
@click.option("--voice", shell_complete=voices, help=options.VOICE_HELP)
@options.span
@options.loudspeaker
@options.key
@options.as_json
@options.quiet
def command(
    file: str,
    model: str | None,
    seed: int,
    speed: float,
    voice: str | None,
    start: float,
    stop: float,
    loudspeaker: str | None,
    key: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Play a .sotto file on the loudspeaker while it is decoded. Ctrl-C stops.

    \b
    sotto play talk.sotto
    sotto play talk.sotto --from 12:30 --speed 1.5
    """
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel()
    DECODE.check_input(file)
    release = by_name(model or "default")
    how = DecodeOptions(seed, speed, profiles.find(voice, release) if voice else None, TimeSpan(start, stop))

    with reading(file) as source:
        reader = open_reader(source, known=options.known(model), unseal=unsealer(options.read_key(key)))
        with Loudspeaker(loudspeaker, release.sample_rate) as speaker, console.progress("playing"):

            def begin() -> Decoding:
                tick = console.advance
                return decoding(reader, lambda model: speaker, how, known=options.known(model), tick=tick)

            (outcome,) = run_in_lockstep([begin])
            if isinstance(outcome, Exception):
                raise outcome
    for warning in outcome.warnings():
        console.warn(shown(file), warning)
    console.result(row(shown(file), outcome.seconds))
    console.document({"file": shown(file), "seconds": outcome.seconds, "warnings": outcome.warnings()})
