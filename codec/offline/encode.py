"""Recordings to files, block by block in constant memory."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Header, PacketWriter, Writer
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import Sound
from sottovoce.codec.io.files import ByteCounter
from sottovoce.codec.models import context_coder
from sottovoce.codec.offline.dtx import PauseDetector
from sottovoce.codec.offline.result import Encoded
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.stream import StreamEncoder
from sottovoce.codec.voice.level import normalising_gain
from sottovoce.codec.voice.tracker import HEAD_SECONDS, voice_of
from sottovoce.models.release import Preset, Release


def encode_stream(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    *,
    samples: int | None = None,
    rate: int | None = None,
    channels: int = 1,
    metadata: bytes | None = None,
    dtx: bool = False,
    protect: int = 0,
    tick: Tick = no_tick,
) -> Encoded:
    """Encode a recording that comes in blocks.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        Mono at the model's rate; however they are cut, the bytes are the same.
    sink : file-like
        Gets the bytes; needs ``write`` and ``flush``.
    model, preset : Release, Preset
        What encodes, and at which rate.
    samples : int, optional
        Length of all blocks together, where it is known beforehand.
    rate, channels : int
        What the recording had before, for `info`.
    metadata : bytes, optional
        What is told of it in words: see tags.py.
    dtx : bool
        Whether pauses take hardly any bits: one step is told, and held, for up to a second at a time.
    protect : int
        Parity records after each 16 blocks, at most 16: so many of these can be lost, and nothing is.
    tick : callable
        Told the progress.

    Returns
    -------
    Encoded

    Raises
    ------
    SottoError
        When there are no samples, or DTX or protection is asked of a model without a context model.
    """
    head, rest = _split(iter(blocks), HEAD_SECONDS * model.sample_rate)
    if not len(head):
        raise SottoError("there are no samples in it", "give a recording")
    level, speaker = voice_of(head, model)
    gain = normalising_gain(level)
    coder = context_coder(model, preset)
    origin = rate or model.sample_rate, channels
    if (dtx or protect) and not coder:
        what = "DTX" if dtx else "protection"
        raise SottoError(f"the model {model.name!r} has no context model, which {what} needs", "leave it out")
    how: dict[str, Any] = {"coded": bool(coder), "held": dtx, "protection": protect}
    header = Header(model.id, preset.index, samples, *origin, level, speaker, metadata, **how)
    counter = ByteCounter(sink)
    writer = Writer(counter, header, preset.bits, step=model.step, coder=coder)  # type: ignore[arg-type]
    total = None if samples is None else samples / model.sample_rate
    encoder = model.encoder(preset.books)
    pauses = PauseDetector(model.step) if dtx else None
    done = 0
    for block in chain(_cut(head, model.sample_rate), rest):
        codes = encoder.push(block * gain)
        if pauses:
            pauses.push(block * gain)
        writer.write(codes, pauses.take(len(codes)) if pauses else None)
        done += len(block)
        tick(done / model.sample_rate, total)
    codes = encoder.finish()
    if pauses:
        pauses.finish()
    writer.write(codes, pauses.take(len(codes)) if pauses else None)
    writer.close(done)
    return Encoded(done / model.sample_rate, counter.bytes)


def encode_sound(
    sound: Sound,
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    *,
    metadata: bytes | None = None,
    dtx: bool = False,
    protect: int = 0,
    tick: Tick = no_tick,
) -> Encoded:
    """Encode an opened recording: see `encode_stream`."""
    facts: dict[str, Any] = {"samples": sound.samples, "rate": sound.rate, "channels": sound.channels}
    return encode_stream(sound, sink, model, preset, **facts, metadata=metadata, dtx=dtx, protect=protect, tick=tick)


def encode_live(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    *,
    rate: int | None = None,
    channels: int = 1,
    metadata: bytes | None = None,
    tick: Tick = no_tick,
) -> Encoded:
    """Encode a recording that is still going on, packet by packet: see `encode_stream` and `StreamEncoder`.

    Its voice is learnt on the way, and each packet is written, with a flush, as soon as it is there.
    """
    encoder = StreamEncoder(model, preset, rate=rate, channels=channels, metadata=metadata)
    counter = ByteCounter(sink)
    writer = PacketWriter(counter, encoder.header)  # type: ignore[arg-type]
    for block in blocks:
        for packet in encoder.push(block):
            writer.write(packet)
        tick(encoder.samples / model.sample_rate, None)
    if not encoder.samples:
        raise SottoError("there are no samples in it", "give a recording")
    for packet in encoder.finish():
        writer.write(packet)
    writer.close(encoder.samples)
    return Encoded(encoder.samples / model.sample_rate, counter.bytes)


def _split(
    blocks: Iterator[npt.NDArray[np.float32]], size: int
) -> tuple[npt.NDArray[np.float32], Iterator[npt.NDArray[np.float32]]]:
    """Return the first `size` samples in one piece, and the blocks after them."""
    held = [np.zeros(0, np.float32)]
    missing = size
    while missing > 0 and (block := next(blocks, None)) is not None:
        held.append(block)
        missing -= len(block)
    start = np.concatenate(held)
    return start[:size], chain(_cut(start[size:], size), blocks)


def _cut(wave: npt.NDArray[np.float32], size: int) -> Iterator[npt.NDArray[np.float32]]:
    return (wave[at : at + size] for at in range(0, len(wave), size))
