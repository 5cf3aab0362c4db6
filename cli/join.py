"""sotto join."""

from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import STANDARD, check_distinct, shown, writing
from sottovoce.codec.offline.edit import join


@click.command("join")
@click.argument("sources", metavar="IN...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@options.coded_output
@options.weights
@options.key
@options.force
@options.as_json
@options.quiet
def command(
    sources: tuple[str, ...],
    output: str,
    model: str | None,
    key: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Join .sotto files of the same model, preset and voice, such as `sotto cut` makes, to one file.

    The metadata is that of all files. Where files meet, the end of the first is padded to a whole step of 40 ms. Live
    streams may have several voices. Packets of a message may be in any order; decoding conceals those that are lost.
    Other files are put together with `cat a.sotto b.sotto > both.sotto`, which decodes one after the other.

    \b
    sotto join first.sotto second.sotto -o both.sotto
    sotto join packet.3.sotto packet.1.sotto -o message.sotto
    """
    console = Console(quiet=quiet, as_json=as_json)
    console.results_aside = output == STANDARD
    if STANDARD in sources:
        raise SottoError("files to join are read twice, and a pipe can be read once", "name files", shown(STANDARD))
    check_distinct(sources, output)
    with writing(output, force=force) as sink:
        done = join(sources, sink, known=options.known(model), unseal=unsealer(options.read_key(key)))
    facts: dict[str, Any] = {"seconds": done.seconds, "bytes": done.bytes, "bit_rate": done.bit_rate}
    console.result(row(output, **facts))
    console.document({"files": list(sources), "output": output, **facts})
