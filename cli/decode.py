"""sotto decode."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import click

from sottovoce.cli import options
from sottovoce.cli.batch import Done, Outcome, row, run_batch
from sottovoce.cli.console import Console
from sottovoce.cli.failures import as_failure
from sottovoce.cli.jobs import CODED, Job, plan
from sottovoce.cli.kernel import chosen_kernel
from sottovoce.cli.names import models
from sottovoce.codec.files import reading, writing
from sottovoce.codec.recording import Decoded, Decoding, Delivery, Tick, no_tick, run_together, wav_decoding
from sottovoce.codec.releases import by_name
from sottovoce.models.release import Release

TOGETHER = 4
"""Files that share each pass over the weights."""


@click.command("decode")
@options.inputs
@options.output
@click.option("--model", shell_complete=models, help="Path of the weights, where the model is not in the box.")
@options.seed
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.5, 2), help="In the same pitch.")
@options.recursive
@options.workers
@options.force
@options.as_json
@options.quiet
def command(
    inputs: tuple[str, ...],
    output: str | None,
    model: str | None,
    seed: int,
    speed: float,
    recursive: bool,
    workers: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Decode .sotto files, or those in folders, to 16-bit WAV.

    The same file and seed give the same samples, everywhere. Damaged parts are concealed, with a warning.
    """
    console = Console(quiet=quiet, as_json=as_json)
    kernel = chosen_kernel()
    inputs, output, _ = options.piped(inputs, output)
    jobs = plan(inputs, output, wanted=CODED, suffix=".wav", recursive=recursive, note=console.note)
    if model:
        by_name(model)  # what is wrong with it is said once
    work = partial(_decode, model=model, delivery=Delivery(seed, speed), force=force)
    status = run_batch(work, jobs, console, verb="decoding", workers=workers, together=TOGETHER)
    if not status:
        console.note(f"decoded with the {kernel} kernel")
    return status


def _decode(
    jobs: Sequence[Job], *, model: str | None, delivery: Delivery, force: bool, tick: Tick = no_tick
) -> list[Outcome]:
    known = by_name(model) if model else None
    begin = [partial(_decode_one, job, known, delivery, force=force, tick=tick) for job in jobs]
    outcomes = run_together(begin)
    return [_told(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]


def _decode_one(job: Job, known: Release | None, delivery: Delivery, *, force: bool, tick: Tick) -> Decoding:
    with reading(job.source) as source, writing(job.goal, force=force) as sink:
        return (yield from wav_decoding(source, sink, delivery, known=known, tick=tick))


def _told(job: Job, outcome: Decoded | Exception) -> Outcome:
    if isinstance(outcome, Exception):
        return as_failure(outcome, job.name)
    warnings = outcome.warnings()
    return Done(row(job.name, outcome.seconds), asdict(outcome) | {"warnings": warnings}, warnings)
