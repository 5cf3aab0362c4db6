"""sotto verify."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import CODED
from sottovoce.cli.support.failures import as_failure, as_line
from sottovoce.cli.support.search import Search
from sottovoce.cli.support.text import one_line
from sottovoce.cli.support.times import duration
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.io.files import reading, shown
from sottovoce.codec.offline.info import Info, info_stream
from sottovoce.codec.offline.message_reader import Unseal


@dataclass(frozen=True)
class Verified:
    """What was found out about a file.

    Parameters
    ----------
    file : str
        Its name.
    state : str
        "whole"; "restored", when its parity restores all that is damaged; "damaged"; or "unreadable".
    details : str
        What is wrong with it, in words.
    info : Info or None
        What it holds, if it can be read.
    """

    file: str
    state: str
    details: str
    info: Info | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        names = ("seconds", "blocks", "damaged", "restored", "missing")
        facts = {name: getattr(self.info, name) for name in names} if self.info else {}
        return {"file": self.file, "state": self.state, "details": self.details, **facts}


@click.command("verify")
@options.inputs
@options.key
@options.recursive
@options.as_json
@options.quiet
def command(inputs: tuple[str, ...], key: str | None, recursive: bool, as_json: bool, quiet: bool) -> int:
    """Check whether .sotto files, or those in folders, are whole.

    Every block has a checksum. The exit status is 0 when all files are whole, and 1 when some are damaged, cut off or
    unreadable. A file is "restored" when its parity makes up for the damage: encode it again before more is lost.
    -q prints only the files that are not whole.

    \b
    sotto verify -r archive
    """
    console = Console(as_json=as_json)
    states: Counter[str] = Counter()
    unseal = unsealer(options.read_key(key))
    search = Search(CODED, recursive, console.note)
    files = search.files_of(inputs)
    for error in search.unreadable:
        console.error(as_line(error))
    with console.progress("verifying"):
        for number, file in enumerate(files, 1):
            verified = verify(file, unseal)
            states[verified.state] += 1
            if verified.state != "whole" or not quiet:
                console.result(_line(verified))
                console.document(verified.as_dict())
            console.advance(number, len(files))
    if len(files) > 1 and not quiet:
        console.result(f"{len(files)} files: " + ", ".join(f"{n} {state}" for state, n in states.most_common()))
        console.document({"total": {"files": len(files), **states}})
    return 0 if states["whole"] == len(files) and not search.unreadable else 1


def verify(file: str, unseal: Unseal | None = None) -> Verified:
    """Read a file and tell whether it is whole."""
    try:
        with reading(file) as source:
            info = info_stream(source, unseal=unseal)
    except Exception as error:
        failure = as_failure(error, shown(file))
        return Verified(shown(file), "unreadable", failure.reason)
    problems = info.problems()
    if not problems:
        return Verified(shown(file), "whole", "", info)
    only_restored = len(problems) == 1 and bool(info.restored)
    return Verified(shown(file), "restored" if only_restored else "damaged", "; ".join(problems), info)


def _line(verified: Verified) -> str:
    seconds = verified.info.seconds if verified.info else None
    length = "" if seconds is None else duration(seconds)
    details = f": {verified.details}" if verified.details else ""
    return f"{verified.state:<10} {length:>20}  {one_line(verified.file)}{details}"
