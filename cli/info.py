"""sotto info."""

import click

from sottovoce.cli import options
from sottovoce.cli.console import Console
from sottovoce.cli.failures import as_failure, as_line
from sottovoce.codec.files import reading, shown
from sottovoce.codec.info import Info, info_stream


@click.command("info")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@options.as_json
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Tell what .sotto files hold."""
    console = Console(as_json=as_json)
    failed = 0
    for file in files:
        try:
            with reading(file) as source:
                found = info_stream(source)
        except Exception as error:
            failed += 1
            failure = as_failure(error, shown(file))
            console.error(as_line(failure))
            console.document({"file": shown(file), "error": str(failure)})
            continue
        console.result(_described(shown(file), found))
        console.document({"file": shown(file), **found.as_dict()})
    return 0 if not failed else 2 if len(files) == 1 else 1


def _described(file: str, info: Info) -> str:
    if info.seconds is None:
        speech = "unknown to this version"
    else:
        speech = f"{info.seconds:.2f} s"
        if info.bit_rate:
            speech += f" at {info.bit_rate:.0f} bit/s"
        if info.damaged:
            speech += f", {info.damaged} of {info.blocks} blocks damaged"
        if info.missing:
            speech += f", {info.missing:.2f} s missing"
    return "\n".join(
        (
            file,
            f"  speech    {speech}",
            f"  size      {info.bytes} bytes",
            f"  model     {info.model or 'not in this version'} ({info.model_id})",
            f"  preset    {info.preset or 'unknown'}",
            f"  recorded  {info.source_rate} Hz, {info.source_channels} channel{'s' * (info.source_channels != 1)}",
            f"  level     {info.level:.1f} dBov",
            f"  speaker   {info.speaker}",
        )
    )
