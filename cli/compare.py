"""sotto compare."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console, is_terminal
from sottovoce.cli.support.training import training_installed
from sottovoce.cli.support.workers import cores, each

WIDE = 400  # columns, enough for the table


@click.command("compare")
@click.argument("references", metavar="REFERENCES", type=click.Path())
@click.option("-o", "--output", metavar="REPORT", required=True, type=click.Path(), help="Folder for the report.")
@click.option(
    "--families",
    metavar="LIST",
    help="Names of families in the box, or paths of the family.safetensors that `sotto train` makes, separated by "
    "commas. [all in the box]",
)
@options.workers
@options.as_json
@options.quiet
def command(
    references: str, output: str, families: str | None, workers: int | None, as_json: bool, quiet: bool
) -> None:
    """Compare families of models of speech on one scale, bits per sample, and write a report with sound and pictures.

    REFERENCES is a folder of recordings, or a CSV with a column "path" (relative to it) and, where you know them,
    corpus, speaker, gender, age and language.

    When it is stopped, the same command goes on where it was.
    """
    console = Console(quiet=quiet, as_json=as_json, lines=True)
    with training_installed("comparing"):
        from sottovoce.codec.evaluation.families.running import compare

        report = compare(
            references,
            output,
            families=[name.strip() for name in families.split(",")] if families else [],
            each=partial(each, workers=workers or cores()),
            watcher=console,
        )
    console.document(report)
    console.result(_table(report))
    console.result(f"{output}: compare.html, compare.md, compare.json")


def _table(report: Mapping[str, Any]) -> str:
    """The report in words, as wide as the terminal or, elsewhere, as it needs to be."""
    from rich.console import Console as Terminal
    from rich.table import Table

    from sottovoce.codec.evaluation.families.table import COLUMNS, grouped, ordered, proven

    table = Table("family", *(column.title for column in COLUMNS), box=None, pad_edge=False, header_style="")
    for column in table.columns[1:]:
        column.justify = "right"
    for group, rows in grouped(report):
        table.add_row(group.upper())
        for row in rows:
            table.add_row(f"  {row['name']}", *(column.cell(row) for column in COLUMNS))
    terminal = Terminal(
        width=None if is_terminal(sys.stdout) else WIDE, color_system=None, markup=False, highlight=False
    )
    with terminal.capture() as captured:
        terminal.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join([*lines, "", *ordered(report), *filter(None, [proven(report)])])
