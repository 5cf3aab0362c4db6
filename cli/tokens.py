"""sotto tokens."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row, run_batch
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import TOKENS
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job, plan
from sottovoce.cli.support.shards import Shard
from sottovoce.cli.support.token_decoding import decode_files
from sottovoce.codec import Codec
from sottovoce.codec.corpus.labels import LabelTable
from sottovoce.codec.corpus.records import TokenRecord
from sottovoce.codec.corpus.token_files import SUFFIXES, token_writer, write_npz
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.io.files import writing
from sottovoce.codec.offline.tokens import Tokens, encode_tokens
from sottovoce.codec.progress import Tick, no_tick


@click.command("tokens")
@options.inputs
@click.option("-o", "--output", metavar="OUT", required=True, type=click.Path(), help="Output folder.")
@click.option(
    "--format",
    "kind",
    default="parquet",
    show_default=True,
    type=click.Choice(list(SUFFIXES)),
    help="A Parquet file, a tar file for WebDataset, or a NumPy archive for each recording.",
)
@click.option("--table", type=click.Path(), help="CSV table whose columns are carried over, by its column path.")
@click.option("--decode", is_flag=True, help="Decode files of tokens to WAV.")
@options.preset
@options.model
@options.seed
@options.recursive
@options.skip_existing
@options.shard
@options.workers
@options.force
@options.as_json
@options.quiet
def command(
    inputs: tuple[str, ...],
    output: str,
    kind: str,
    table: str | None,
    decode: bool,
    preset: str,
    model: str,
    seed: int,
    recursive: bool,
    skip_existing: bool,
    shard: Shard,
    workers: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Write the codes (tokens) of recordings to files for machine learning, or decode them.

    Each recording has its codes [steps, codebooks], the speaker vector, the level in dBov and the columns of a table.
    The files are OUT/tokens-I-of-N.parquet or .tar, or in OUT an .npz for each recording. With --decode the inputs are
    such files, and OUT gets a WAV for each recording in them.

    \b
    sotto tokens -r corpus -o tokens --table corpus/train.csv
    sotto tokens --decode tokens/tokens-00001-of-00001.parquet -o decoded
    """
    options.check_existing(skip_existing=skip_existing, force=force)
    console = Console(quiet=quiet, as_json=as_json)
    if decode:
        return decode_files(inputs, output, console, shard, model=model, seed=seed, recursive=recursive, force=force)
    if skip_existing and kind != "npz":
        raise click.UsageError("--skip-existing is for --format npz: the other formats have one file for all")
    Codec.load(model=model, preset=preset)  # so that an error in these is reported once
    labels = LabelTable(table) if table else None
    folder = os.path.join(output, "")
    found = plan(inputs, folder, TOKENS, recursive=recursive, keep_tree=False, note=console.note).shard(shard)
    run = partial(run_batch, partial(_encode, preset=preset, model=model), found, console)
    with _writer(output, kind, shard, labels, force=force) as write:

        def collect(job: Job, tokens: Tokens) -> None:
            place = os.path.splitext(os.path.relpath(job.target, folder))[0] + os.path.splitext(job.source)[1]
            known = labels.of(job.source) if labels else {}
            if known is None:
                console.warn(job.name, f"is not in {table}")
            write(job, TokenRecord(place.replace(os.sep, "/"), tokens, known or {}))

        existing = {"force": force or kind != "npz", "skip_existing": skip_existing}
        return run(verb="encoding", workers=workers, collect=collect, **existing)


@contextmanager
def _writer(
    output: str, kind: str, shard: Shard, labels: LabelTable | None, *, force: bool
) -> Iterator[Callable[[Job, TokenRecord], None]]:
    """Give what writes a record: to a file of its own, or to the one for all."""
    if kind == "npz":

        def write(job: Job, record: TokenRecord) -> None:
            with writing(job.target, force=force) as sink:
                write_npz(sink, record)

        yield write
        return
    target = os.path.join(output, f"tokens-{shard.number:05d}-of-{shard.count:05d}{SUFFIXES[kind]}")
    with writing(target, force=force) as sink, token_writer(sink, kind, labels.names if labels else ()) as collect:
        yield lambda job, record: collect(record)


def _encode(jobs: Sequence[Job], *, preset: str, model: str, tick: Tick = no_tick) -> list[Outcome]:
    codec = Codec.load(model=model, preset=preset)
    return [_encode_one(job, codec, tick) for job in jobs]


def _encode_one(job: Job, codec: Codec, tick: Tick) -> Outcome:
    try:
        with open_sound(job.source, codec.sample_rate) as sound:
            seconds = sound.samples / codec.sample_rate
            tokens = encode_tokens(sound, codec.model, codec.preset, seconds=seconds, tick=tick)
    except Exception as error:
        return as_failure(error, job.name)
    facts = {"seconds": tokens.seconds, "shape": list(tokens.codes.shape)}
    return Done(row(job.name, tokens.seconds), facts, sound.warnings, tokens)
