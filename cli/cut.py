"""sotto cut."""

from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.codec.io.files import STANDARD, check_distinct, reading, shown, writing
from sottovoce.codec.offline.edit import cut
from sottovoce.codec.offline.options import TimeSpan


@click.command("cut")
@click.argument("source", metavar="IN", type=click.Path(allow_dash=True))
@options.coded_output
@options.span
@options.weights
@options.force
@options.as_json
@options.quiet
def command(
    source: str,
    output: str,
    start: float,
    stop: float,
    model: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Copy a part of a .sotto file to another file, without decoding it.

    The part begins and ends at steps of 40 ms (in a live stream it begins with a packet); `sotto decode --from --to` is
    exact. Damaged parts can't be copied.

    \b
    sotto cut talk.sotto -o part.sotto --from 1:00 --to 2:30
    """
    console = Console(quiet=quiet, as_json=as_json)
    console.results_aside = output == STANDARD
    span = TimeSpan(start, stop)
    check_distinct([source], output)
    with reading(source) as file, writing(output, force=force) as sink:
        done = cut(file, sink, span, known=options.known(model))
    facts: dict[str, Any] = {"seconds": done.seconds, "bytes": done.bytes, "bit_rate": done.bit_rate}
    console.result(row(shown(output), **facts))
    console.document({"file": shown(source), "output": output, **facts})
