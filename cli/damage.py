"""sotto damage."""

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.codec.io.files import check_distinct, reading, shown, writing
from sottovoce.codec.offline.damage import damaged


@click.command("damage")
@click.argument("source", metavar="IN", type=click.Path(allow_dash=True))
@click.option("-o", "--output", metavar="OUT", required=True, type=click.Path(allow_dash=True), help="Output file.")
@click.option("--loss", default=0.0, show_default=True, type=click.FloatRange(0, 99), help="Lost blocks, %.")
@click.option(
    "--burst", default=1.0, show_default=True, type=click.FloatRange(1), help="Average number of blocks lost in a row."
)
@click.option(
    "--errors",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Bit error rate: fraction of bits flipped.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@options.weights
@options.force
def command(
    source: str, output: str, loss: float, burst: float, errors: float, seed: int, model: str | None, force: bool
) -> None:
    """Damage a .sotto file as a bad link does, to hear how it is concealed.

    The header, or the first header of a protected file, stays intact. Blocks are two seconds of speech, packets of a
    live stream, or parity records.

    \b
    sotto damage talk.sotto -o damaged.sotto --loss 10
    sotto play damaged.sotto
    """
    check_distinct([source], output)
    with reading(source) as file:
        data = file.read()
        known = options.known(model)
        broken = damaged(data, loss=loss / 100, burst=burst, errors=errors, seed=seed, known=known)
    with writing(output, force=force) as sink:
        sink.write(broken)
    Console().note(f"{shown(source)}: {sum(map(int.__ne__, data, broken))} of {len(data)} bytes are wrong now")
