"""sotto align."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_line
from sottovoce.codec.errors import SottoError, error_context
from sottovoce.models.speech_table import read_table


@click.command("align")
@click.argument("table", metavar="TABLE.csv", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    metavar="OUT.csv",
    default="alignments.csv",
    show_default=True,
    type=click.Path(dir_okay=False),
    help="The table to write.",
)
@click.option(
    "--dictionary",
    type=click.Path(exists=True, dir_okay=False),
    help="Pronunciations of words, as in the CMU Pronouncing Dictionary, for tables with a column text.",
)
@options.force
@options.quiet
def command(table: str, output: str, dictionary: str | None, force: bool, quiet: bool) -> int:
    """Find when the phones of English recordings are said, for `sotto probe` and `sotto train phones`.

    TABLE.csv has columns path (relative to it) and phones (ARPAbet, such as "HH AH L OW"), or path and text together
    with a dictionary. The table that is written has columns path (relative to it) and phones, as "NAME:first:end ..."
    in frames of 10 ms. The bundled phone recogniser is aligned to the given phones.

    \b
    sotto align speech.csv --dictionary cmudict.dict -o alignments.csv
    """
    console = Console(quiet=quiet, lines=True)
    if os.path.exists(output) and not force:
        raise SottoError("exists already", "choose another output, or -f to overwrite", output)
    from sottovoce.codec.evaluation.forced_alignment import align, read_dictionary
    from sottovoce.codec.evaluation.waves import read
    from sottovoce.codec.io.files import writing

    words = read_dictionary(dictionary) if dictionary else {}
    rows = _rows(table)
    lines, failed = [], 0
    with console.progress("aligning"):
        for number, row in enumerate(rows, 1):
            path = Path(table).parent / row["path"]
            try:
                with error_context(str(path)):
                    found = align(read(path), _phones(row, words))
            except (SottoError, ValueError) as error:
                failed += 1
                what = error if isinstance(error, SottoError) else SottoError(str(error), "check its phones", str(path))
                console.error(as_line(what))
            else:
                relative = os.path.relpath(path, Path(output).parent)
                lines.append((relative, " ".join(f"{name}:{first}:{end}" for name, first, end in found)))
            console.advance(number, len(rows))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("path", "phones"), *lines])
    with writing(output, force=force) as file:
        file.write(text.getvalue().encode())
    console.result(f"{len(lines)} recordings aligned, {failed} failed: {output}")
    return 1 if failed else 0


def _rows(table: str) -> list[dict[str, str]]:
    rows = read_table(table, "path")
    if rows and not rows[0].keys() & {"phones", "text"}:
        raise SottoError("needs a column phones or text", "add one", table)
    return rows


def _phones(row: Mapping[str, str], words: Mapping[str, Sequence[str]]) -> list[str]:
    from sottovoce.codec.evaluation.forced_alignment import phones_of
    from sottovoce.models.phones.labels import PHONE_IDS, SILENCE

    if row.get("phones"):
        found = [part.split(":")[0].rstrip("012") for part in row["phones"].split()]
        found = [name for name in found if name != SILENCE]
    elif not words:
        raise SottoError("has no phones", "give --dictionary, which tells how words are pronounced")
    else:
        found = phones_of(row["text"], words)
    if strange := [name for name in found if name not in PHONE_IDS]:
        raise SottoError(f"{strange[0]} is not an English phone", f"the phones are {' '.join(PHONE_IDS)}")
    if not found:
        raise SottoError("nothing is said in it", "leave it out")
    return found
