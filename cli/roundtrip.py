"""sotto roundtrip."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from time import perf_counter
from typing import Any, BinaryIO

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row, run_batch
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import ROUNDTRIP
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job, plan
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.io.files import STANDARD, writing
from sottovoce.codec.offline.decode import decode_stream
from sottovoce.codec.offline.encode import encode_sound
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.progress import Tick, no_tick


@click.command("roundtrip")
@options.inputs
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    required=True,
    type=click.Path(allow_dash=True),
    help="WAV file, or folder for several inputs.",
)
@options.preset
@options.model
@options.seed
@click.option("--keep", is_flag=True, help="Keep the .sotto files beside the WAV files.")
@options.recursive
@options.keep_tree
@options.skip_existing
@options.force
@options.as_json
@options.quiet
def command(
    inputs: tuple[str, ...],
    output: str,
    preset: str,
    model: str,
    seed: int,
    keep: bool,
    recursive: bool,
    keep_tree: bool,
    skip_existing: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Encode recordings and decode them again to WAV.

    Each line of the result also has the real-time factors (RTF) of encoding and decoding, on this machine and in one
    process: the time taken divided by the length of the recording; below 1 is faster than real time.
    """
    options.check_existing(skip_existing=skip_existing, force=force)
    if keep and output == STANDARD:
        raise click.UsageError("--keep needs an output file or folder, not standard output")
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    found = plan(inputs, output, ROUNDTRIP, recursive=recursive, keep_tree=keep_tree, note=console.note)
    codec = Codec.load(model=model, preset=preset)
    work = partial(_roundtrip, codec=codec, seed=seed, keep=keep, force=force)
    existing: dict[str, Any] = {"force": force, "skip_existing": skip_existing}
    return run_batch(work, found, console, verb="coding", workers=1, **existing)


def _roundtrip(
    jobs: Sequence[Job], *, codec: Codec, seed: int, keep: bool, force: bool, tick: Tick = no_tick
) -> list[Outcome]:
    return [_roundtrip_one(job, codec, seed=seed, keep=keep, force=force, tick=tick) for job in jobs]


def _roundtrip_one(job: Job, codec: Codec, *, seed: int, keep: bool, force: bool, tick: Tick) -> Outcome:
    try:
        with ExitStack() as files:
            sound = files.enter_context(open_sound(job.source, codec.sample_rate))
            sink = files.enter_context(writing(job.target, force=force))
            copy = None
            if keep:  # before the work, so that one that exists is noticed first
                copy = files.enter_context(writing(os.path.splitext(job.target)[0] + ".sotto", force=force))
            coded: BinaryIO = files.enter_context(tempfile.SpooledTemporaryFile(1 << 20))  # type: ignore[assignment]
            start = perf_counter()
            encoded = encode_sound(sound, coded, codec.model, codec.preset)
            middle = perf_counter()
            coded.seek(0)
            decode_stream(coded, sink, DecodeOptions(seed), known=codec.model, tick=tick)
            stop = perf_counter()
            if copy:
                coded.seek(0)
                copy.write(coded.read())
    except Exception as error:
        return as_failure(error, job.name)
    facts: dict[str, Any] = {"seconds": encoded.seconds, "bytes": encoded.bytes, "bit_rate": encoded.bit_rate}
    factors = {
        "encoding_rtf": (middle - start) / encoded.seconds,
        "decoding_rtf": (stop - middle) / encoded.seconds,
    }
    times = "  RTF {encoding_rtf:.3f} encoding, {decoding_rtf:.3f} decoding".format(**factors)
    return Done(row(job.name, **facts, times=times), facts | factors, sound.warnings)
