"""sotto info."""

from collections.abc import Sequence

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import CODED
from sottovoce.cli.support.failures import as_failure, as_line
from sottovoce.cli.support.info_table import CsvTable
from sottovoce.cli.support.search import Search
from sottovoce.cli.support.text import one_line
from sottovoce.cli.support.times import duration
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import reading, shown
from sottovoce.codec.offline.info import Info, info_stream
from sottovoce.codec.offline.info_row import Row, ignore


@click.command("info")
@options.inputs
@click.option("--blocks", is_flag=True, help="List the blocks, or the packets of a live stream.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table as CSV, a line for each file.")
@options.weights
@options.key
@options.recursive
@options.as_json
def command(
    inputs: tuple[str, ...],
    blocks: bool,
    as_csv: bool,
    model: str | None,
    key: str | None,
    recursive: bool,
    as_json: bool,
) -> int:
    """Show what .sotto files, or those in folders, contain.

    Folders are listed with a line for each file. If `cat` put several files into one, sizes and times are those of all
    of them together.

    \b
    sotto info talk.sotto
    sotto info -r archive --csv > archive.csv
    """
    if as_csv and (blocks or as_json):
        raise click.UsageError(f"--csv and --{'blocks' if blocks else 'json'} contradict each other")
    console = Console(as_json=as_json)
    search = Search(CODED, recursive, console.note)
    files = search.files_of(inputs)
    for error in search.unreadable:
        _fail(error, error.file, console, None)
    listing = files != list(inputs) and not blocks
    table = CsvTable() if as_csv else None
    found: list[Info] = []
    known, unseal = options.known(model), unsealer(options.read_key(key))
    for file in files:
        rows: list[Row] = []
        try:
            with reading(file) as source:
                note = rows.append if blocks else ignore
                info = info_stream(source, note, known=known, unseal=unseal)
        except Exception as error:
            _fail(as_failure(error, shown(file)), file, console, table)
            continue
        found.append(info)
        if table:
            console.result(table.line(shown(file), info))
        elif listing:
            console.result(_line(shown(file), info))
        else:
            console.result("\n".join([*_described(shown(file), info), *_listed(rows)]))
        blocks_of_file = {"table": [row._asdict() for row in rows]} if blocks else {}
        console.document({"file": shown(file), **info.as_dict(), **blocks_of_file})
    if listing and not table and len(found) > 1:
        console.result(_total(found))
    failed = len(files) - len(found) + len(search.unreadable)
    return 0 if not failed else 2 if len(files) == 1 and not found else 1


def _fail(failure: SottoError, file: str, console: Console, table: CsvTable | None) -> None:
    console.error(as_line(failure))
    console.document({"file": shown(file), "error": str(failure)})
    if table:
        console.result(table.line(shown(file), None, failure.reason))


def _line(file: str, info: Info) -> str:
    problems = "; ".join(info.problems())
    return row(file, info.seconds or 0.0, info.bytes, info.bit_rate or 0.0) + (f": {problems}" if problems else "")


def _total(found: Sequence[Info]) -> str:
    seconds = sum(info.seconds or 0.0 for info in found)
    size = sum(info.bytes for info in found)
    return row(f"{len(found)} files, {duration(seconds)}", seconds, size, 8 * size / seconds if seconds else 0.0)


def _described(file: str, info: Info) -> list[str]:
    if info.seconds is None:
        speech = f"unknown: it needs the model {info.model_id}, which is not here; give its weights with --model"
    else:
        speech = duration(info.seconds)
        if info.bit_rate:
            speech += f" at {info.bit_rate:.0f} bit/s"
        if info.restored:
            speech += f", {info.restored} of {info.blocks} blocks restored"
        if info.damaged:
            speech += f", {info.damaged} of {info.blocks} blocks damaged"
        if info.missing:
            speech += f", {info.missing:.2f} s missing"
        if info.extra:
            speech += f", {info.extra:.2f} s more than the end states"
    several = f"{info.files}, one after the other; below is what the first contains:"
    return [
        one_line(file),
        f"  speech    {speech}",
        f"  size      {info.bytes} bytes",
        *([_message(info)] if info.packets is not None else []),
        *([_protection(info)] if info.protection else []),
        *([f"  header    damaged, the next one was read, {info.skipped} bytes on"] if info.skipped else []),
        *([f"  between   {info.foreign} bytes that are not part of it, ignored"] if info.foreign else []),
        *(["  besides   something that is no .sotto file, ignored"] if info.trailing else []),
        *([f"  files     {several}"] if info.files > 1 else []),
        f"  model     {info.model or 'not here'} ({info.model_id})",
        f"  preset    {info.preset or 'unknown'}",
        *([_recorded(info)] if info.packets is None else []),
        f"  level     {info.level:.1f} dBov",
        f"  speaker   {info.speaker}",
        *(f"  tag       {one_line(f'{key}={value}')}" for key, values in info.tags.items() for value in values),
    ]


def _message(info: Info) -> str:
    packets = "whole" if not info.packets else f"{info.packets} packet{'s' * (info.packets != 1)}"
    return f"  message   {packets}, {'encrypted' if info.encrypted else 'in the clear'}"


def _recorded(info: Info) -> str:
    return f"  recorded  {info.source_rate} Hz, {info.source_channels} channel{'s' * (info.source_channels != 1)}"


def _protection(info: Info) -> str:
    takes = f", {info.protecting} bytes" if info.protecting else ""
    return f"  protected {info.protection} of each 16 blocks may be lost{takes}"


def _listed(rows: Sequence[Row]) -> list[str]:
    """Return the table of blocks, with the number of their file if there are several."""
    several = len(rows) > 0 and rows[-1].file > 1
    lines = ["  file" * several + "   block   start s   steps   bytes"] if rows else []
    for one in rows:
        size = "damaged" if one.bytes is None else one.bytes
        restored = "  restored" * one.restored
        lines.append(f"{one.file:6d}" * several + f"{one.number:8d}{one.start:10.2f}{one.steps:8d}{size:>8}{restored}")
    return lines
