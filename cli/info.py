"""sotto info."""

from collections.abc import Sequence

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_failure, as_line
from sottovoce.codec.io.files import reading, shown
from sottovoce.codec.offline.info import Info, Row, info_stream


@click.command("info")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--blocks", is_flag=True, help="List the blocks, or the packets of a live stream.")
@options.as_json
def command(files: tuple[str, ...], blocks: bool, as_json: bool) -> int:
    """Tell what .sotto files hold.

    Where `cat` put several files into one, sizes and times are those of all together.
    """
    console = Console(as_json=as_json)
    failed = 0
    for file in files:
        rows: list[Row] = []
        try:
            with reading(file) as source:
                found = info_stream(source, rows.append) if blocks else info_stream(source)
        except Exception as error:
            failed += 1
            failure = as_failure(error, shown(file))
            console.error(as_line(failure))
            console.document({"file": shown(file), "error": str(failure)})
            continue
        console.result("\n".join([*_described(shown(file), found), *_listed(rows)]))
        table = {"table": [row._asdict() for row in rows]} if blocks else {}
        console.document({"file": shown(file), **found.as_dict(), **table})
    return 0 if not failed else 2 if len(files) == 1 else 1


def _described(file: str, info: Info) -> list[str]:
    if info.seconds is None:
        speech = "unknown to this version"
    else:
        speech = f"{info.seconds:.2f} s"
        if info.bit_rate:
            speech += f" at {info.bit_rate:.0f} bit/s"
        if info.restored:
            speech += f", {info.restored} of {info.blocks} blocks restored"
        if info.damaged:
            speech += f", {info.damaged} of {info.blocks} blocks damaged"
        if info.missing:
            speech += f", {info.missing:.2f} s missing"
    several = f"{info.files}, one after the other; of the first of them:"
    return [
        file,
        f"  speech    {speech}",
        f"  size      {info.bytes} bytes",
        *([_protection(info)] if info.protection else []),
        *([f"  header    damaged, the next one was read, {info.skipped} bytes on"] if info.skipped else []),
        *(["  besides   something that is no .sotto file, ignored"] if info.trailing else []),
        *([f"  files     {several}"] if info.files > 1 else []),
        f"  model     {info.model or 'not in this version'} ({info.model_id})",
        f"  preset    {info.preset or 'unknown'}",
        f"  recorded  {info.source_rate} Hz, {info.source_channels} channel{'s' * (info.source_channels != 1)}",
        f"  level     {info.level:.1f} dBov",
        f"  speaker   {info.speaker}",
        *(f"  {key:<9} {value}" for key, values in info.tags.items() for value in values),
    ]


def _protection(info: Info) -> str:
    takes = f", {info.protecting} bytes" if info.protecting else ""
    return f"  protected {info.protection} of each 16 blocks may be lost{takes}"


def _listed(rows: Sequence[Row]) -> list[str]:
    """Return the table of blocks; their file is told where there are several."""
    several = len(rows) > 0 and rows[-1].file > 1
    lines = ["  file" * several + "   block   start s   steps   bytes"] if rows else []
    for row in rows:
        size = "damaged" if row.bytes is None else row.bytes
        restored = "  restored" * row.restored
        lines.append(f"{row.file:6d}" * several + f"{row.number:8d}{row.start:10.2f}{row.steps:8d}{size:>8}{restored}")
    return lines
