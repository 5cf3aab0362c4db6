"""Files to speech, block by block in constant memory: all of them, or a part."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import BLOCK_STEPS, Reader
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import seekable
from sottovoce.codec.io.sound_writer import SoundWriter
from sottovoce.codec.models import blocks_of, by_id, preset_by_index
from sottovoce.codec.offline.lockstep import Request, Steps, run_together
from sottovoce.codec.offline.options import AS_RECORDED, ENDLESS, Delivery, too_early
from sottovoce.codec.offline.result import Decoded
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice.conversion import lend
from sottovoce.codec.voice.level import LevelRestorer
from sottovoce.codec.voice.tracker import HEAD_SECONDS
from sottovoce.models.release import Release
from sottovoce.models.runtime.concealment import lost_codes

Decoding = Steps[Decoded]
"""Files being decoded, one after the other."""


class SampleSink(Protocol):
    """What takes decoded samples."""

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Take samples."""

    def close(self) -> None:
        """Know that there are no more."""


def decoding(
    reader: Reader,
    open_sink: Callable[[Release], SampleSink],
    delivery: Delivery = AS_RECORDED,
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoding:
    """Decode a file, or several that follow each other in a stream, step by step: see `run_together`.

    Parameters
    ----------
    reader : Reader
        Of the first file.
    open_sink : callable
        Is told the model of the first file and returns what takes the samples.
    delivery : Delivery
        How it is spoken.
    known : Release, optional
        A model that the file may be of, beside those in the box.
    tick : callable
        Told the progress.
    """
    model = by_id(reader.header.model, known)
    sink = open_sink(model)
    start, stop = delivery.span.at(model.sample_rate)
    told = Decoded(0, 0.0, 0, 0, 0.0, True)
    passed = 0  # samples of the files before
    while passed < stop:
        model = by_id(reader.header.model, known)
        told += yield from _decoding(reader, model, sink, delivery, max(0, start - passed), stop - passed, told, tick)
        passed = stop if reader.total_samples is None else passed + reader.total_samples
        following = reader.another() if passed < stop else None
        told = replace(told, trailing=told.trailing or (passed < stop and reader.trailing))
        if following is None:
            break
        reader = following
    if not passed and told.missing:
        raise SottoError("cut off before the speech begins", "get the file again")
    if 0 < start >= passed:
        raise too_early(passed / model.sample_rate)
    sink.close()
    return replace(told, ends=passed / model.sample_rate) if passed < stop < ENDLESS else told


def _decoding(
    reader: Reader,
    model: Release,
    sink: SampleSink,
    delivery: Delivery,
    start: int,
    stop: int,
    before: Decoded,
    tick: Tick,
) -> Decoding:
    """Decode the samples from `start` to `stop` of one file, and read no further."""
    header = reader.header
    preset = preset_by_index(model, header.preset)
    decoder = delivery.decoder(model, header.speaker)
    restore = LevelRestorer(header.level)
    found = blocks_of(reader, model, preset)
    if delivery.speaker is not None:
        found = lend(delivery.speaker, decoder, model, header.speaker, found, seconds=HEAD_SECONDS)
    total = None
    if header.samples is not None:
        total = before.seconds + delivery.given(header.samples, start, stop) / model.sample_rate
    begin = start // model.step - BLOCK_STEPS  # a block earlier than needed, so that the decoder is warm
    low, high = delivery.length(start), delivery.length(stop)
    steps = first = at = done = blocks = damaged = restored = 0
    for block in found:
        if block.voice:
            restore.change(delivery.length((steps - first) * model.step), block.voice.level)
            if delivery.speaker is None:
                decoder.speak_as(block.voice.speaker)
        steps += block.steps
        if steps <= begin:
            first, at = steps, delivery.length(steps * model.step)
            continue
        blocks += 1
        restored += block.restored
        codes = block.codes
        if codes is None:
            damaged += 1
            codes = lost_codes(block.steps, preset.books)
        ready = restore((yield Request(model, decoder, codes)))
        wanted = ready[max(0, low - at) : max(0, high - at)]
        sink.write(wanted)
        at += len(ready)
        done += len(wanted)
        tick(before.seconds + done / model.sample_rate, total)
        if at >= high:
            break
    else:
        # A decoder keeps more than a step back to the end, so that the length can take a part of the last one away.
        rest = restore(decoder.finish())
        high = min(high, delivery.length(reader.total_samples or 0))
        wanted = rest[max(0, low - at) : max(0, high - at)]
        sink.write(wanted)
        done += len(wanted)
    return Decoded(
        files=1,
        seconds=done / model.sample_rate,
        blocks=blocks,
        damaged=damaged,
        missing=reader.missing_steps * model.step / model.sample_rate,
        complete=reader.complete or reader.total_samples is None,
        restored=restored,
        skipped=reader.skipped,
    )


def wav_decoding(
    source: BinaryIO,
    sink: BinaryIO,
    delivery: Delivery = AS_RECORDED,
    *,
    known: Release | None = None,
    flowing: bool = False,
    suffix: str = ".wav",
    tick: Tick = no_tick,
) -> Decoding:
    """Decode to WAV, or to the format of another suffix: see `decoding` and `SoundWriter`.

    What flows is decoded as it comes, and its WAV claims the largest length.
    """
    place = source.tell() if source.seekable() else 0
    reader = Reader(source)
    length = None
    with ExitStack() as files:
        # A header in a pipe can't be set right later, so look ahead: there may be several files.
        if not (flowing or sink.seekable() or reader.header.samples is None):
            whole = files.enter_context(seekable(source, reader.header.pack()))
            whole.seek(place)
            length = _length(Reader(whole), delivery, known)
            whole.seek(place)
            skipped, reader = reader.skipped, Reader(whole)
            reader.skipped = skipped  # of a pipe, the copy has none of that

        def open_sink(model: Release) -> SampleSink:
            if suffix != ".wav":
                return SoundWriter(sink, model.sample_rate, suffix)
            return WavWriter(sink, model.sample_rate, length)

        return (yield from decoding(reader, open_sink, delivery, known=known, tick=tick))


def _length(reader: Reader | None, delivery: Delivery, known: Release | None) -> int:
    """Return how many samples decoding will give."""
    length = passed = 0
    while reader is not None:
        model = by_id(reader.header.model, known)
        for _ in blocks_of(reader, model, preset_by_index(model, reader.header.preset)):
            pass
        start, stop = delivery.span.at(model.sample_rate)
        samples = reader.total_samples or 0
        length += delivery.given(samples, max(0, start - passed), stop - passed)
        passed += samples
        reader = reader.another() if passed < stop else None
    return length


def decode_stream(
    source: BinaryIO,
    sink: BinaryIO,
    delivery: Delivery = AS_RECORDED,
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoded:
    """Decode a file, or several that follow each other, to WAV.

    Parameters
    ----------
    source, sink : file-like
        The file, which needs only ``read``; and what takes the WAV, which needs ``write`` and ``seekable``.
    delivery : Delivery
        How it is spoken.
    known : Release, optional
        A model that the file may be of, beside those in the box.
    tick : callable
        Told the progress.

    Returns
    -------
    Decoded

    Raises
    ------
    FormatError
        When it isn't a file that this version can read.
    SottoError
        When its model isn't in the box, or no speech is left in it.
    """
    (outcome,) = run_together([lambda: wav_decoding(source, sink, delivery, known=known, tick=tick)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
