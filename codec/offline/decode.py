"""Decode files to speech, block by block in constant memory: whole files, or a part of them."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

from sottovoce.codec.bits import Reader
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import seekable
from sottovoce.codec.io.sound_writer import SoundWriter
from sottovoce.codec.models import blocks_of, by_id, preset_by_index
from sottovoce.codec.offline.file_decoder import Decoding, FileDecoder, SampleSink
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.message_reader import AnyReader, MessageReader, Unseal, open_reader
from sottovoce.codec.offline.options import DECODE_DEFAULTS, ENDLESS, DecodeOptions, too_early
from sottovoce.codec.offline.result import Decoded
from sottovoce.codec.offline.tags import unpack
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.models.release import Release


def decoding(
    reader: AnyReader,
    open_sink: Callable[[Release], SampleSink],
    options: DecodeOptions = DECODE_DEFAULTS,
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoding:
    """Decode a file, or several that follow each other in a stream, step by step: see `run_in_lockstep`.

    Parameters
    ----------
    reader : Reader or MessageReader
        Of the first file.
    open_sink : callable
        Called with the model of the first file; returns what receives the samples.
    options : DecodeOptions
        Seed, speed, voice, and the part to decode.
    known : Release, optional
        A model that the file may be of, besides the bundled ones.
    tick : callable
        Called with the progress.
    """
    model = by_id(reader.header.model, known)
    sink = open_sink(model)
    start, stop = options.span.at(model.sample_rate)
    result = Decoded(0, 0.0, 0, 0, 0.0, True)
    passed = 0  # samples of the files before
    while passed < stop:
        model = by_id(reader.header.model, known)
        decoder = FileDecoder(reader, model, sink, options, max(0, start - passed), stop - passed)
        result += yield from decoder.run(tick, result.seconds)
        passed = stop if reader.total_samples is None else passed + reader.total_samples
        following = reader.another() if passed < stop else None
        result = replace(result, trailing=result.trailing or (passed < stop and reader.trailing))
        if following is None:
            break
        reader = following
    if not passed and result.missing:
        raise SottoError("cut off before the speech begins", "get the file again")
    if 0 < start >= passed:
        raise too_early(passed / model.sample_rate)
    sink.close()
    return replace(result, ends=passed / model.sample_rate) if passed < stop < ENDLESS else result


def wav_decoding(
    source: BinaryIO,
    sink: BinaryIO,
    options: DecodeOptions = DECODE_DEFAULTS,
    *,
    known: Release | None = None,
    unseal: Unseal | None = None,
    flowing: bool = False,
    suffix: str = ".wav",
    tags: bool = True,
    tick: Tick = no_tick,
) -> Decoding:
    """Decode to WAV, or to the format of another suffix: see `decoding` and `SoundWriter`.

    A stream that is still being written (`flowing`) is decoded as it comes in, and its WAV header states the largest
    length. With `tags` the recording gets the tags of the first file, as far as its format can hold them. `unseal`
    opens encrypted messages.
    """
    place = source.tell() if source.seekable() else 0
    reader = open_reader(source, known=known, unseal=unseal)
    length = None
    with ExitStack() as files:
        # The header of a WAV in a pipe cannot be corrected later, so the length is determined beforehand: there may be
        # several files.
        if isinstance(reader, MessageReader):
            span = options.span.at(reader.header.rate)
            length = options.output_length_between(*span, reader.header.samples or 0)
        elif not (flowing or sink.seekable() or reader.header.samples is None):
            whole = files.enter_context(seekable(source, reader.header.pack() + reader.pending))
            whole.seek(place)
            length = _length(Reader(whole), options, known)
            whole.seek(place)
            skipped, reader = reader.skipped, Reader(whole)
            reader.skipped = skipped  # the copy of a pipe begins at the header

        found = unpack(reader.header.metadata) if tags else {}
        writers: list[SoundWriter] = []

        def open_sink(model: Release) -> SampleSink:
            if suffix == ".wav":
                return WavWriter(sink, model.sample_rate, length, found)
            writers.append(SoundWriter(sink, model.sample_rate, suffix, found))
            return writers[0]

        result = yield from decoding(reader, open_sink, options, known=known, tick=tick)
        return replace(result, untagged=any(not one.tagged for one in writers))


def _length(reader: Reader | None, options: DecodeOptions, known: Release | None) -> int:
    """Return the number of samples that decoding will produce."""
    length = passed = 0
    while reader is not None:
        model = by_id(reader.header.model, known)
        for _ in blocks_of(reader, model, preset_by_index(model, reader.header.preset)):
            pass
        start, stop = options.span.at(model.sample_rate)
        samples = reader.total_samples or 0
        length += options.output_length_between(max(0, start - passed), stop - passed, samples)
        passed += samples
        reader = reader.another() if passed < stop else None
    return length


def decode_stream(
    source: BinaryIO,
    sink: BinaryIO,
    options: DecodeOptions = DECODE_DEFAULTS,
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoded:
    """Decode a file, or several that follow each other, to WAV.

    Parameters
    ----------
    source, sink : file-like
        The file, which needs only ``read``, and the output for the WAV, which needs ``write`` and ``seekable``.
    options : DecodeOptions
        Seed, speed, voice, and the part to decode.
    known : Release, optional
        A model that the file may be of, besides the bundled ones.
    tick : callable
        Called with the progress.

    Returns
    -------
    Decoded

    Raises
    ------
    FormatError
        When this version cannot read the file.
    SottoError
        When its model is not available, or no speech is left in it.
    """
    (outcome,) = run_in_lockstep([lambda: wav_decoding(source, sink, options, known=known, tick=tick)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
