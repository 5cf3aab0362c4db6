"""sotto encode."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from signal import SIGINT
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, Work, row, run_batch
from sottovoce.cli.support.cluster import folders, run_on_cluster
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.conversion import ENCODE
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job, plan
from sottovoce.cli.support.messages import MessageRequest, check_message_options, encode_messages, message_options
from sottovoce.cli.support.shards import WHOLE, Shard
from sottovoce.cli.support.workers import cores
from sottovoce.cli.support.workers import processes as workers_pool
from sottovoce.codec import Codec
from sottovoce.codec.bits import MAX_PARITY
from sottovoce.codec.io.audio import open_file, open_sound
from sottovoce.codec.io.files import STANDARD, flows, reading, writing
from sottovoce.codec.io.interruption import InputEnd
from sottovoce.codec.io.wav_pipe import first_bytes, piped_wav
from sottovoce.codec.offline.encode import encode_live, encode_sound
from sottovoce.codec.offline.options import EncodeOptions
from sottovoce.codec.offline.parallel import ParallelStepEncoder
from sottovoce.codec.offline.result import Encoded
from sottovoce.codec.offline.tags import pack, unpack
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.models.audio.reader import AudioReader
from sottovoce.models.audio.wav import is_wav

LONG_SECONDS = 120
"""Length from which a recording is encoded in several processes, which take a second to start."""


@click.command("encode")
@options.inputs
@options.output
@options.preset
@options.model
@click.option(
    "--tag", "tags", metavar="KEY=VALUE", multiple=True, help='Metadata to store, e.g. TITLE="A talk"; repeatable.'
)
@options.packet
@options.no_tags
@click.option("--dtx", is_flag=True, help="Discontinuous transmission: spend almost no bits on pauses.")
@click.option(
    "--protect",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0, MAX_PARITY),
    help="Add parity that restores any N lost blocks of each 16 (half a minute).",
)
@message_options
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
    preset: str,
    model: str,
    tags: tuple[str, ...],
    packet: str,
    carry_tags: bool,
    dtx: bool,
    protect: int,
    message: bool,
    mtu: int | None,
    speaker_codes: int,
    key: str | None,
    short_tag: bool,
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
    """Encode recordings, or the recordings in folders, to .sotto files.

    Inputs have any format that libsndfile reads, or FFmpeg with sottovoce[formats], any sample rate and number of
    channels. Title, artist and other metadata of a recording are stored with the speech. Each line of the result has
    the length of the recording, the size of the output and its true bit rate. "- -" streams from standard input to
    standard output: WAV is encoded as it comes in, which takes more bits than encoding a file. A message has about 8
    bytes besides the speech, but neither metadata nor parity.

    \b
    sotto encode talk.wav -o talk.sotto
    sotto encode -r archive -o coded --skip-existing
    sotto encode --message --preset low --mtu 233 talk.wav -o packet.%d.sotto
    sotto encode -r s3://archive -o s3://coded --dask tcp://scheduler:8786
    """
    options.check_existing(skip_existing=skip_existing, force=force)
    check_message_options(message=message, tags=tags, protect=protect)
    console = Console(quiet=quiet, as_json=as_json)
    if dask:
        refused: dict[str, Any] = {"--keep-tree": keep_tree, "--skip-existing": skip_existing, "-j": workers}
        refused |= {"--shard": shard != WHOLE}
        refused |= {"--message": message, "--key": key}
        keywords: dict[str, Any] = {"model": model, "preset": preset, "tags": unpack(pack(tags))}
        keywords |= {"carry_tags": carry_tags, "dtx": dtx, "protect": protect, "force": force, "cluster": dask}
        places = folders(inputs, output, recursive=recursive, refused=refused)
        return run_on_cluster("encode", places, keywords, console)
    inputs, output, piped = options.piped(inputs, output)
    found = plan(inputs, output, ENCODE, recursive=recursive, keep_tree=keep_tree, note=console.note).shard(shard)
    codec = Codec.load(model=model, preset=preset)  # so that an error in these is reported once
    metadata = pack(tags)
    ends = InputEnd() if STANDARD in inputs else None
    work: Work
    if message:
        request = MessageRequest(mtu, speaker_codes, dtx, options.read_key(key), short_tag)
        work = partial(encode_messages, preset=preset, model=model, request=request, force=force, ends=ends)
    elif ends and piped and flows():
        if dtx or protect:
            raise click.UsageError(f"--{'dtx' if dtx else 'protect'} can't be used when streaming (`- -`)")
        steps = options.steps(packet, codec.model)
        how = EncodeOptions(metadata=metadata, carry_tags=carry_tags, packet_steps=steps)
        work = partial(_encode_live, preset=preset, model=model, how=how, ends=ends)
    elif packet != "40":
        raise click.UsageError("--packet is for streaming from pipe to pipe (`- -`)")
    else:
        how = EncodeOptions(metadata=metadata, carry_tags=carry_tags, dtx=dtx, protect=protect)
        alone = (workers or cores()) if len(found.jobs) == 1 else 1
        work = partial(_encode, preset=preset, model=model, how=how, force=force, ends=ends, processes=alone)
    existing: dict[str, Any] = {"force": force, "skip_existing": skip_existing}
    status = run_batch(work, found, console, verb="encoding", workers=workers, **existing)
    if ends and ends.signal and ends.signal != SIGINT:
        return 128 + ends.signal
    return status


def _encode(
    jobs: Sequence[Job],
    *,
    preset: str,
    model: str,
    how: EncodeOptions,
    force: bool,
    ends: InputEnd | None,
    processes: int,
    tick: Tick = no_tick,
) -> list[Outcome]:
    codec = Codec.load(model=model, preset=preset)
    start = partial(_steps, codec, model, dtx=how.dtx, processes=processes)
    return [_encode_one(job, codec, how, start, force=force, ends=ends, tick=tick) for job in jobs]


@contextmanager
def _steps(
    codec: Codec, model: str, sound: AudioReader, *, dtx: bool, processes: int
) -> Iterator[ParallelStepEncoder | None]:
    """Give what encodes a long recording in several processes, or None for here."""
    if processes == 1 or sound.samples < LONG_SECONDS * codec.sample_rate:
        yield None
        return
    with workers_pool(processes) as pool:
        how: dict[str, Any] = {"dtx": dtx, "pool": pool, "source": model, "most": 2 * processes}
        yield ParallelStepEncoder(codec.model, codec.preset, **how)


def _encode_one(
    job: Job,
    codec: Codec,
    how: EncodeOptions,
    start: Callable[[AudioReader], AbstractContextManager[ParallelStepEncoder | None]],
    *,
    force: bool,
    ends: InputEnd | None,
    tick: Tick,
) -> Outcome:
    try:
        with (
            open_sound(job.source, codec.sample_rate, ends) as sound,
            writing(job.target, force=force) as sink,
            start(sound) as steps,
        ):
            encoded = encode_sound(sound, sink, codec.model, codec.preset, how, tick=tick, steps=steps)
    except Exception as error:
        return as_failure(error, job.name)
    return _done(job, encoded, sound.warnings)


def _encode_live(
    jobs: Sequence[Job], *, preset: str, model: str, how: EncodeOptions, ends: InputEnd, tick: Tick = no_tick
) -> list[Outcome]:
    """Encode from pipe to pipe: a WAV is encoded while it comes in."""
    (job,) = jobs
    codec = Codec.load(model=model, preset=preset)
    try:
        with reading(job.source) as file, writing(job.target) as sink, ends.watching():
            start = first_bytes(file, ends)
            if is_wav(start):
                with piped_wav(file, start, codec.sample_rate, ends) as wav:
                    how = replace(how, rate=wav.rate, channels=wav.channels)
                    encoded = encode_live(wav, sink, codec.model, codec.preset, how, tick=tick)
                    warnings = wav.warnings
            else:
                with open_file(file, codec.sample_rate, start, ends) as sound:
                    encoded = encode_sound(sound, sink, codec.model, codec.preset, how, tick=tick)
                    warnings = sound.warnings
    except Exception as error:
        return [as_failure(error, job.name)]
    return [_done(job, encoded, warnings)]


def _done(job: Job, encoded: Encoded, warnings: Sequence[str]) -> Done:
    facts: dict[str, Any] = {"seconds": encoded.seconds, "bytes": encoded.bytes, "bit_rate": encoded.bit_rate}
    return Done(row(job.name, **facts), facts, warnings)
