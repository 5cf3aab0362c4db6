"""Encode recordings to files, block by block in constant memory."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Header, PacketWriter, Writer
from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import ByteCounter
from sottovoce.codec.models import context_coder
from sottovoce.codec.offline.dtx import PauseDetector
from sottovoce.codec.offline.options import ENCODE_DEFAULTS, EncodeOptions
from sottovoce.codec.offline.parallel import ParallelStepEncoder
from sottovoce.codec.offline.result import Encoded
from sottovoce.codec.offline.tags import with_own
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.stream import StreamEncoder
from sottovoce.codec.voice.level import normalising_gain
from sottovoce.codec.voice.planner import planned
from sottovoce.models.audio.reader import AudioReader
from sottovoce.models.release import Preset, Release
from sottovoce.models.runtime.encoder import LARGE_GROUP


def encode_stream(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    options: EncodeOptions = ENCODE_DEFAULTS,
    *,
    tick: Tick = no_tick,
    steps: "StepEncoder | ParallelStepEncoder | None" = None,
) -> Encoded:
    """Encode a recording that comes in blocks.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        Mono samples at the model's rate. The bytes do not depend on how the recording is cut into blocks.
    sink : file-like
        Receives the bytes; needs ``write`` and ``flush``.
    model, preset : Release, Preset
        The model that encodes, and its rate.
    options : EncodeOptions
        What the file says about the recording, DTX and protection.
    tick : callable
        Called with the progress.
    steps : StepEncoder or ParallelStepEncoder, optional
        Encodes the samples; by default here.

    Returns
    -------
    Encoded

    Raises
    ------
    SottoError
        When there are no samples, or when DTX or protection is wanted and the model has no context model.
    """
    coder = _coder(model, preset, options)
    stretches = planned(blocks, model, constant=coder is None)
    first = next(stretches, None)
    if first is None:
        raise _no_samples()
    header = _header(model, preset, options, *first[0], coded=coder is not None)
    counter = ByteCounter(sink)
    writer = Writer(counter, header, preset.bits, step=model.step, coder=coder)  # type: ignore[arg-type]
    total = None if options.samples is None else options.samples / model.sample_rate
    steps = steps or StepEncoder(model, preset, dtx=options.dtx)
    done = 0
    for voice, wave in chain([first], stretches):
        if done and coder:
            writer.change_voice(done // model.step, voice)
        for block in _cut(wave, model.sample_rate):
            writer.write(*steps.push(block * normalising_gain(voice.level)))
            done += len(block)
            tick(done / model.sample_rate, total)
    writer.write(*steps.finish())
    writer.close(done)
    return Encoded(done / model.sample_rate, counter.bytes)


class StepEncoder:
    """Encodes samples to codes, and with DTX flags the steps that repeat the one before.

    Parameters
    ----------
    model, preset : Release, Preset
        The model that encodes, and its rate.
    dtx : bool
        Whether steps in pauses are flagged.
    """

    def __init__(self, model: Release, preset: Preset, *, dtx: bool) -> None:
        self._encoder = model.encoder(preset.books, LARGE_GROUP)
        self._pauses = PauseDetector(model.step) if dtx else None

    def push(self, wave: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8] | None]:
        """Take samples at the model's level; return codes [shape=(steps, books)] and flags [shape=(steps,)]."""
        codes = self._encoder.push(wave)
        if self._pauses is None:
            return codes, None
        self._pauses.push(wave)
        return codes, self._pauses.take(len(codes))

    def finish(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8] | None]:
        """Return the remaining codes and flags."""
        codes = self._encoder.finish()
        if self._pauses is None:
            return codes, None
        self._pauses.finish()
        return codes, self._pauses.take(len(codes))


def encode_sound(
    sound: AudioReader,
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    options: EncodeOptions = ENCODE_DEFAULTS,
    *,
    tick: Tick = no_tick,
    steps: StepEncoder | ParallelStepEncoder | None = None,
) -> Encoded:
    """Encode an opened recording, whose length, rate, channels and tags are known: see `encode_stream`."""
    options = replace(options, samples=sound.samples, rate=sound.rate, channels=sound.channels)
    if options.carry_tags:
        own, warnings = sound.tags()
        metadata, shortened = with_own(own, options.metadata)
        options = replace(options, metadata=metadata)
        sound.warnings += warnings + shortened
    return encode_stream(sound, sink, model, preset, options, tick=tick, steps=steps)


def encode_live(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    options: EncodeOptions = ENCODE_DEFAULTS,
    *,
    tick: Tick = no_tick,
) -> Encoded:
    """Encode a recording that is still going on, packet by packet: see `encode_stream` and `StreamEncoder`.

    Level and speaker are estimated as the speech comes in. Each packet is written and flushed as soon as it is
    complete. Packets have neither DTX nor parity records.
    """
    source: dict[str, Any] = {"rate": options.rate, "channels": options.channels, "metadata": options.metadata}
    encoder = StreamEncoder(model, preset, steps=options.packet_steps, **source)
    counter = ByteCounter(sink)
    writer = PacketWriter(counter, encoder.header)  # type: ignore[arg-type]
    for block in blocks:
        for packet in encoder.push(block):
            writer.write(packet)
        tick(encoder.samples / model.sample_rate, None)
    if not encoder.samples:
        raise _no_samples()
    for packet in encoder.finish():
        writer.write(packet)
    writer.close(encoder.samples)
    return Encoded(encoder.samples / model.sample_rate, counter.bytes)


def _no_samples() -> SottoError:
    return SottoError("there are no samples in it", "give a recording")


def _coder(model: Release, preset: Preset, options: EncodeOptions) -> ContextCoder | None:
    """Return the entropy coder of a preset, without which there is neither DTX nor protection."""
    coder = context_coder(model, preset)
    if coder is None and (options.dtx or options.protect):
        what = "DTX" if options.dtx else "protection"
        raise SottoError(f"the model {model.name!r} has no context model, which {what} needs", "leave it out")
    return coder


def _header(
    model: Release, preset: Preset, options: EncodeOptions, level: int, speaker: bytes, *, coded: bool
) -> Header:
    return Header(
        model=model.id,
        preset=preset.index,
        samples=options.samples,
        rate=options.rate or model.sample_rate,
        channels=options.channels,
        level=level,
        speaker=speaker,
        metadata=options.metadata,
        coded=coded,
        dtx=options.dtx,
        protection=options.protect,
    )


def _cut(wave: npt.NDArray[np.float32], size: int) -> Iterator[npt.NDArray[np.float32]]:
    return (wave[at : at + size] for at in range(0, len(wave), size))
