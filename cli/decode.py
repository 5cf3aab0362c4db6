"""sotto decode."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row, run_batch
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import CODED, Job, plan
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.names import voices
from sottovoce.codec.io.files import reading, writing
from sottovoce.codec.models import by_name
from sottovoce.codec.offline.decode import Decoding, wav_decoding
from sottovoce.codec.offline.lockstep import run_together
from sottovoce.codec.offline.options import Delivery, TimeSpan
from sottovoce.codec.offline.result import Decoded
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice import profiles

TOGETHER = 4
"""Files that share each pass over the weights."""


@click.command("decode")
@options.inputs
@options.output
@options.weights
@options.seed
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.5, 2), help="In the same pitch.")
@click.option(
    "--voice", shell_complete=voices, help="In another's: a name of `sotto voice list`, a profile, or a recording."
)
@options.span
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
    voice: str | None,
    start: float,
    stop: float,
    recursive: bool,
    workers: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Decode .sotto files, or those in folders, to 16-bit WAV.

    The same file and seed give the same samples, everywhere. Damaged parts are concealed, with a warning. Of files that
    `cat` put into one, each is decoded after the other. Times are those of the recording, whatever the speed. With
    "- -", from pipe to pipe, what comes in is decoded at once.
    """
    console = Console(quiet=quiet, as_json=as_json)
    kernel = chosen_kernel()
    inputs, output, flowing = options.piped(inputs, output)
    jobs = plan(inputs, output, wanted=CODED, suffix=".wav", recursive=recursive, note=console.note)
    release = by_name(model or "default")  # what is wrong with it, or with the voice, is said once
    delivery = Delivery(seed, speed, profiles.find(voice, release) if voice else None, TimeSpan(start, stop))
    work = partial(_decode, model=model, delivery=delivery, flowing=flowing, force=force)
    status = run_batch(work, jobs, console, verb="decoding", workers=workers, together=TOGETHER)
    if not status:
        console.note(f"decoded with the {kernel} kernel")
    return status


def _decode(
    jobs: Sequence[Job], *, model: str | None, delivery: Delivery, force: bool, tick: Tick = no_tick, flowing: bool
) -> list[Outcome]:
    known = options.known(model)
    begin = [partial(_decode_one, job, delivery, force=force, known=known, flowing=flowing, tick=tick) for job in jobs]
    outcomes = run_together(begin)
    return [_told(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]


def _decode_one(job: Job, delivery: Delivery, *, force: bool, **how: Any) -> Decoding:
    with reading(job.source) as source, writing(job.goal, force=force) as sink:
        return (yield from wav_decoding(source, sink, delivery, **how))


def _told(job: Job, outcome: Decoded | Exception) -> Outcome:
    if isinstance(outcome, Exception):
        return as_failure(outcome, job.name)
    warnings = outcome.warnings()
    return Done(row(job.name, outcome.seconds), asdict(outcome) | {"warnings": warnings}, warnings)
