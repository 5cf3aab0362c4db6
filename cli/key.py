"""sotto key."""

import os

import click

from sottovoce.cli.support import options
from sottovoce.codec.encryption import key_line, new_key
from sottovoce.codec.io.files import STANDARD, writing


@click.command("key")
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(allow_dash=True), help='File to write, or "-".'
)
@options.force
def command(output: str, force: bool) -> None:
    """Make a random key for encrypted messages.

    Both ends need a copy of the file, which nobody else may have. Only its owner can read it.

    \b
    sotto key -o friends.key
    sotto encode --message --key friends.key talk.wav
    """
    with writing(output, force=force) as sink:
        if output != STANDARD and hasattr(os, "fchmod"):
            os.fchmod(sink.fileno(), 0o600)
        sink.write(key_line(new_key()).encode())
