"""sotto encode."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row, run_batch
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job, plan
from sottovoce.codec import Codec
from sottovoce.codec.bits import MOST_PARITY
from sottovoce.codec.io.audio import SOUND, open_file, open_sound
from sottovoce.codec.io.files import flows, reading, writing
from sottovoce.codec.io.wav_pipe import first_bytes, is_wav, piped_wav
from sottovoce.codec.offline.encode import encode_live, encode_sound
from sottovoce.codec.offline.result import Encoded
from sottovoce.codec.offline.tags import pack
from sottovoce.codec.progress import Tick, no_tick


@click.command("encode")
@options.inputs
@options.output
@options.preset
@options.model
@click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, help='What is told of it, such as TITLE="A talk".')
@click.option("--dtx", is_flag=True, help="Spend hardly any bits on pauses: a step of each is told, and held.")
@click.option(
    "--protect",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0, MOST_PARITY),
    help="Of each 16 blocks (half a minute), restore any N that get lost.",
)
@options.recursive
@options.workers
@options.force
@options.as_json
@options.quiet
def command(
    inputs: tuple[str, ...],
    output: str | None,
    preset: str,
    model: str,
    tags: tuple[str, ...],
    dtx: bool,
    protect: int,
    recursive: bool,
    workers: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Encode recordings, or the recordings in folders, to .sotto files.

    Any format, sample rate and number of channels that libsndfile reads will do. For each file you read its length,
    the size of what was written, and the true bit rate. With "- -", from pipe to pipe, WAV is encoded as it comes in.
    """
    console = Console(quiet=quiet, as_json=as_json)
    inputs, output, piped = options.piped(inputs, output)
    jobs = plan(inputs, output, wanted=SOUND, suffix=".sotto", recursive=recursive, note=console.note)
    Codec.load(model=model, preset=preset)  # what is wrong with these is said once
    metadata = pack(tags)
    if piped and flows():
        if dtx or protect:
            raise click.UsageError(f"--{'dtx' if dtx else 'protect'} is not for pipes that flow")
        work = partial(_encode_live, preset=preset, model=model, metadata=metadata)
    else:
        work = partial(_encode, preset=preset, model=model, metadata=metadata, dtx=dtx, protect=protect, force=force)
    return run_batch(work, jobs, console, verb="encoding", workers=workers)


def _encode(
    jobs: Sequence[Job], *, preset: str, model: str, force: bool, tick: Tick = no_tick, **how: Any
) -> list[Outcome]:
    codec = Codec.load(model=model, preset=preset)
    return [_encode_one(job, codec, force=force, tick=tick, **how) for job in jobs]


def _encode_one(job: Job, codec: Codec, *, force: bool, **how: Any) -> Outcome:
    try:
        with open_sound(job.source, codec.sample_rate) as sound, writing(job.goal, force=force) as sink:
            encoded = encode_sound(sound, sink, codec.model, codec.preset, **how)
    except Exception as error:
        return as_failure(error, job.name)
    return _done(job, encoded)


def _encode_live(
    jobs: Sequence[Job], *, preset: str, model: str, metadata: bytes | None, tick: Tick = no_tick
) -> list[Outcome]:
    """From pipe to pipe: what comes in goes out at once, where it is WAV."""
    (job,) = jobs
    codec = Codec.load(model=model, preset=preset)
    how = codec.model, codec.preset
    try:
        with reading(job.source) as file, writing(job.goal) as sink:
            start = first_bytes(file)
            if is_wav(start):
                with piped_wav(file, start, codec.sample_rate) as wav:
                    origin = {"rate": wav.rate, "channels": wav.channels}
                    encoded = encode_live(wav, sink, *how, **origin, metadata=metadata, tick=tick)
            else:
                with open_file(file, codec.sample_rate, start) as sound:
                    encoded = encode_sound(sound, sink, *how, metadata=metadata, tick=tick)
    except Exception as error:
        return [as_failure(error, job.name)]
    return [_done(job, encoded)]


def _done(job: Job, encoded: Encoded) -> Done:
    facts: dict[str, Any] = {"seconds": encoded.seconds, "bytes": encoded.bytes, "bit_rate": encoded.bit_rate}
    return Done(row(job.name, **facts), facts)
