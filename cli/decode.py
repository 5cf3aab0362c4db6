"""sotto decode."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row, run_batch
from sottovoce.cli.support.cluster import folders, run_on_cluster
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import DECODE
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job, plan
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.names import voices
from sottovoce.cli.support.shards import WHOLE, Shard
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.io.files import reading, writing
from sottovoce.codec.io.sound_writer import sound_suffix
from sottovoce.codec.models import by_name
from sottovoce.codec.offline.decode import wav_decoding
from sottovoce.codec.offline.file_decoder import Decoding
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.options import DecodeOptions, TimeSpan
from sottovoce.codec.offline.result import Decoded
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice import profiles

TOGETHER = 4
"""Number of files that share each pass over the weights."""


@click.command("decode")
@options.inputs
@options.output
@options.weights
@options.seed
@options.speed
@click.option("--voice", shell_complete=voices, help=options.VOICE_HELP)
@options.span
@options.no_tags
@options.key
@options.recursive
@options.keep_tree
@options.skip_existing
@options.shard
@options.dask
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
    carry_tags: bool,
    key: str | None,
    recursive: bool,
    keep_tree: bool,
    skip_existing: bool,
    shard: Shard,
    dask: str | None,
    workers: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Decode .sotto files, or those in folders, to recordings.

    The suffix of the output tells its format: .wav (16-bit), .flac, .ogg (Vorbis), .opus or .mp3. It gets the metadata
    of the file, as far as its format holds it. The same file and seed give the same samples, on every machine. Damaged
    parts are concealed, with a warning. Files that `cat` put together are decoded one after the other. Times are those
    of the recording, whatever the speed. "- -" streams from standard input to standard output, and decodes as data
    comes in.

    \b
    sotto decode talk.sotto -o talk.wav
    sotto decode talk.sotto -o middle.mp3 --from 1:00 --to 2:30
    """
    options.check_existing(skip_existing=skip_existing, force=force)
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    if dask:
        refused: dict[str, Any] = {"--keep-tree": keep_tree, "--skip-existing": skip_existing, "-j": workers}
        refused |= {"--shard": shard != WHOLE}
        refused |= {
            "--voice": voice,
            "--from": start > 0,
            "--to": stop < math.inf,
            "--no-tags": not carry_tags,
            "--key": key,
        }
        keywords: dict[str, Any] = {"model": model or "default", "seed": seed, "speed": speed}
        keywords |= {"force": force, "cluster": dask}
        places = folders(inputs, output, recursive=recursive, refused=refused)
        return run_on_cluster("decode", places, keywords, console)
    inputs, output, flowing = options.piped(inputs, output)
    found = plan(inputs, output, DECODE, recursive=recursive, keep_tree=keep_tree, note=console.note).shard(shard)
    release = by_name(model or "default")  # so that an error in it, or in the voice, is reported once
    how = DecodeOptions(seed, speed, profiles.find(voice, release) if voice else None, TimeSpan(start, stop))
    work = partial(
        _decode, model=model, how=how, key=options.read_key(key), flowing=flowing, force=force, tags=carry_tags
    )
    existing: dict[str, Any] = {"force": force, "skip_existing": skip_existing}
    return run_batch(work, found, console, verb="decoding", workers=workers, together=TOGETHER, **existing)


def _decode(
    jobs: Sequence[Job],
    *,
    model: str | None,
    how: DecodeOptions,
    key: bytes | None,
    force: bool,
    tags: bool,
    tick: Tick = no_tick,
    flowing: bool,
) -> list[Outcome]:
    form: dict[str, Any] = {"flowing": flowing, "tags": tags, "tick": tick}
    form |= {"known": options.known(model), "unseal": unsealer(key)}
    begin = [partial(_decode_one, job, how, force=force, **form) for job in jobs]
    outcomes = run_in_lockstep(begin)
    return [_outcome(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]


def _decode_one(job: Job, how: DecodeOptions, *, force: bool, **form: Any) -> Decoding:
    with reading(job.source) as source, writing(job.target, force=force) as sink:
        return (yield from wav_decoding(source, sink, how, suffix=sound_suffix(job.target), **form))


def _outcome(job: Job, outcome: Decoded | Exception) -> Outcome:
    if isinstance(outcome, Exception):
        return as_failure(outcome, job.name)
    warnings = outcome.warnings()
    return Done(row(job.name, outcome.seconds), asdict(outcome) | {"warnings": warnings}, warnings)
