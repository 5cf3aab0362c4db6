"""Runs on a Dask cluster, as the command line starts them."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from sottovoce.cli.support.batch import row
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.times import clock
from sottovoce.codec.errors import SottoError

if TYPE_CHECKING:
    from sottovoce.codec.corpus.manifest import ManifestRow


def folders(
    inputs: tuple[str, ...], output: str | None, *, recursive: bool, refused: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the input and the output folder of a distributed run.

    Parameters
    ----------
    inputs, output, recursive
        As on the command line.
    refused : mapping of str to bool or value
        Options that a distributed run does not have, and whether they were given.

    Raises
    ------
    click.UsageError
        When they are not one folder each, or an option was given that such a run does not have.
    """
    for name, given in refused.items():
        if given:
            raise click.UsageError(f"{name} can't be used with --dask")
    if len(inputs) != 1 or not output or not recursive:
        raise click.UsageError("--dask takes one folder with those below and an output folder: -r IN -o OUT")
    return inputs[0], output


def run_on_cluster(verb: str, folders: tuple[str, str], how: Mapping[str, Any], console: Console) -> int:
    """Run a distributed encoding or decoding, and print the rows as they come.

    Parameters
    ----------
    verb : {"encode", "decode"}
    folders : tuple of str
        Input and output.
    how : mapping
        Further arguments of `sottovoce.corpus.encode` or `sottovoce.corpus.decode`.
    console : Console

    Returns
    -------
    int
        The exit status: 0, or 1 when some of the recordings failed.
    """
    from sottovoce.codec.corpus import api

    start = perf_counter()
    result: api.RunSummary = getattr(api, verb)(*folders, report=partial(_report, console), **how)
    parts = [f"{result.done} done"]
    if result.skipped:
        parts.append(f"{result.skipped} skipped (done before)")
    if result.failed:
        parts.append(f"{result.failed} failed")
    elapsed = perf_counter() - start
    console.result(", ".join([*parts, f"in {clock(elapsed)}; manifest: {result.manifest}"]))
    console.document({"total": asdict(result) | {"elapsed": round(elapsed, 3)}})
    return 1 if result.failed else 0


def _report(console: Console, one: "ManifestRow") -> None:
    if one.status == "failed":
        reason, _, remedy = one.message.partition("; ")
        console.error(f"sotto: {SottoError(reason, remedy or 'run it again', one.path)}")
    else:
        sizes: dict[str, Any] = {}
        if one.books and one.seconds:
            sizes = {"bytes": one.bytes, "bit_rate": 8 * one.bytes / one.seconds}
        console.result(row(one.path, one.seconds, **sizes))
    console.document(asdict(one))
