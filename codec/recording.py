"""Recordings to files and back, block by block in constant memory."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from sottovoce.codec.audio import Sound, WavWriter
from sottovoce.codec.bits import Header, PacketWriter, Reader, Writer
from sottovoce.codec.contexts import blocks_of, context_coder
from sottovoce.codec.errors import SottoError
from sottovoce.codec.lending import lend
from sottovoce.codec.level import LevelRestorer, level_byte, normalising_gain
from sottovoce.codec.releases import by_id, preset_by_index
from sottovoce.codec.stream import StreamEncoder
from sottovoce.models.release import Decoder, Preset, Release, decode_together
from sottovoce.models.runtime.stretch import UNIT, pace_of

HEAD_SECONDS = 60
"""Level and speaker of a recording are taken from this much of its start."""

Tick = Callable[[float, float | None], None]
"""Told now and then how many seconds of speech are done, and of how many, where that is known."""


def no_tick(seconds: float, total: float | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Encoded:
    """What became of a recording.

    Parameters
    ----------
    seconds : float
        Length of the recording.
    bytes : int
        Size of the file, everything counted.
    """

    seconds: float
    bytes: int

    @property
    def bit_rate(self) -> float:
        """Bits of the file for each second."""
        return 8 * self.bytes / self.seconds


def encode_stream(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    *,
    samples: int | None = None,
    rate: int | None = None,
    channels: int = 1,
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
    tick : callable
        Told the progress.

    Returns
    -------
    Encoded

    Raises
    ------
    SottoError
        When there are no samples.
    """
    head, rest = _split(iter(blocks), HEAD_SECONDS * model.sample_rate)
    if not len(head):
        raise SottoError("there are no samples in it", "give a recording")
    level = level_byte(head)
    gain = normalising_gain(level)
    speaker = model.speaker(head * gain)
    coder = context_coder(model, preset)
    origin = rate or model.sample_rate, channels
    header = Header(model.id, preset.index, samples, *origin, level, speaker, coded=coder is not None)
    counter = _Counter(sink)
    writer = Writer(counter, header, preset.bits, step=model.step, coder=coder)  # type: ignore[arg-type]
    total = None if samples is None else samples / model.sample_rate
    encoder = model.encoder(preset.books)
    done = 0
    for block in chain(_cut(head, model.sample_rate), rest):
        writer.write(encoder.push(block * gain))
        done += len(block)
        tick(done / model.sample_rate, total)
    writer.write(encoder.finish())
    writer.close(done)
    return Encoded(done / model.sample_rate, counter.bytes)


def encode_sound(sound: Sound, sink: BinaryIO, model: Release, preset: Preset, *, tick: Tick = no_tick) -> Encoded:
    """Encode an opened recording: see `encode_stream`."""
    return encode_stream(
        sound, sink, model, preset, samples=sound.samples, rate=sound.rate, channels=sound.channels, tick=tick
    )


def encode_live(
    blocks: Iterable[npt.NDArray[np.float32]],
    sink: BinaryIO,
    model: Release,
    preset: Preset,
    *,
    rate: int | None = None,
    channels: int = 1,
    tick: Tick = no_tick,
) -> Encoded:
    """Encode a recording that is still going on, packet by packet: see `encode_stream` and `StreamEncoder`.

    Its voice is learnt on the way, and each packet is written, with a flush, as soon as it is there.
    """
    encoder = StreamEncoder(model, preset, rate=rate, channels=channels)
    counter = _Counter(sink)
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


class _Counter:
    """Counts the bytes on their way to a file."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self.bytes = 0
        self.flush = sink.flush

    def write(self, data: bytes) -> None:
        self._sink.write(data)
        self.bytes += len(data)


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


@dataclass(frozen=True)
class Decoded:
    """What came out of a file.

    Parameters
    ----------
    seconds : float
        Length of the speech.
    blocks, damaged : int
        Blocks in the file, and how many of these had to be concealed.
    missing : float
        Seconds that the file promised but doesn't hold.
    complete : bool
        Whether the file ends as it should.
    trailing : bool
        Whether something foreign follows the end.
    """

    seconds: float
    blocks: int
    damaged: int
    missing: float
    complete: bool
    trailing: bool

    def warnings(self) -> list[str]:
        """Return what the user should know about damage, a line each."""
        lines = []
        if self.damaged:
            lines.append(f"{self.damaged} of {self.blocks} blocks damaged, concealed")
        if self.missing and self.complete:
            lines.append(f"{self.missing:.2f} s are missing")
        elif self.missing:
            lines.append(f"cut off, the last {self.missing:.2f} s are missing")
        elif not self.complete:
            lines.append("the end is damaged or missing")
        if self.trailing:
            lines.append("something else follows the end, ignored")
        return lines


class Request(NamedTuple):
    """Codes to decode: by which decoder, of which model."""

    model: Release
    decoder: Decoder
    codes: npt.NDArray[np.int16]


@dataclass(frozen=True)
class Delivery:
    """How a file is spoken.

    Parameters
    ----------
    seed : int
        Of the random numbers, 0 to 2**64 - 1: the same file and seed give the same samples.
    speed : float
        0.5 to 2, in the same pitch.
    speaker : bytes or None
        A voice of the same model, as `Codec.speaker` tells it, for speech in that of another; None for the file's own.
        The file's first minute is then read before anything is spoken.
    """

    seed: int = 0
    speed: float = 1.0
    speaker: bytes | None = None

    def __post_init__(self) -> None:
        try:
            pace_of(self.speed)
        except ValueError as error:
            raise SottoError(str(error), "choose another one") from error

    def decoder(self, model: Release, speaker: bytes) -> Decoder:
        """Return a decoder for a file in the voice of `speaker`."""
        try:
            return model.decoder(speaker, self.seed, speed=self.speed)
        except ValueError as error:
            raise SottoError(str(error), "get the file again") from error

    def length(self, samples: int) -> int:
        """Return how many samples become of so many."""
        return -(-samples * UNIT // pace_of(self.speed))


Decoding = Generator[Request, npt.NDArray[np.int16], Decoded]
"""A file being decoded: it yields requests, and is sent the waves."""

Begin = Callable[[], Decoding]
"""Begins to decode a file, from its start each time it is called."""


class Sink(Protocol):
    """What takes decoded samples."""

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Take samples."""

    def close(self) -> None:
        """Know that there are no more."""


def decoding(
    source: BinaryIO,
    open_sink: Callable[[Release, int | None], Sink],
    delivery: Delivery = Delivery(),
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoding:
    """Decode a file step by step, so that several can share each pass over the weights: see `run_together`.

    Parameters
    ----------
    source : file-like
        Anything with ``read``, at the start of a file.
    open_sink : callable
        Is told the model and the length, as far as it is known, and returns what takes the samples.
    delivery : Delivery
        How it is spoken.
    known : Release, optional
        A model that the file may be of, beside those in the box.
    tick : callable
        Told the progress.
    """
    reader = Reader(source)
    header = reader.header
    model = by_id(header.model, known)
    preset = preset_by_index(model, header.preset)
    length = None if header.samples is None else delivery.length(header.samples)
    sink = open_sink(model, length)
    decoder = delivery.decoder(model, header.speaker)
    total = None if length is None else length / model.sample_rate
    restore = LevelRestorer(header.level)
    blocks = damaged = steps = done = 0
    found = blocks_of(reader, model, preset)
    if delivery.speaker is not None:
        found = lend(delivery.speaker, decoder, model, header.speaker, found, seconds=HEAD_SECONDS)
    for block in found:
        blocks += 1
        codes = block.codes
        if codes is None:
            damaged += 1
            codes = np.full((block.steps, preset.books), -1, np.int16)
        if block.voice:
            restore.change(delivery.length(steps * model.step), block.voice.level)
            if delivery.speaker is None:
                decoder.speak_as(block.voice.speaker)
        steps += block.steps
        ready = restore((yield Request(model, decoder, codes)))
        sink.write(ready)
        done += len(ready)
        tick(done / model.sample_rate, total)
    if not blocks and reader.missing_steps:
        raise SottoError("cut off before the speech begins", "get the file again")
    # A decoder keeps more than a step back to the end, so that the length can take a part of the last one away.
    rest = restore(decoder.finish())[: max(0, delivery.length(reader.total_samples or 0) - done)]
    sink.write(rest)
    sink.close()
    return Decoded(
        seconds=(done + len(rest)) / model.sample_rate,
        blocks=blocks,
        damaged=damaged,
        missing=reader.missing_steps * model.step / model.sample_rate,
        complete=reader.complete,
        trailing=reader.trailing,
    )


def wav_decoding(
    source: BinaryIO,
    sink: BinaryIO,
    delivery: Delivery = Delivery(),
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoding:
    """Decode a file to WAV: see `decoding`."""

    def open_sink(model: Release, samples: int | None) -> Sink:
        return WavWriter(sink, model.sample_rate, samples)

    return decoding(source, open_sink, delivery, known=known, tick=tick)


def decode_stream(
    source: BinaryIO,
    sink: BinaryIO,
    delivery: Delivery = Delivery(),
    *,
    known: Release | None = None,
    tick: Tick = no_tick,
) -> Decoded:
    """Decode one file to WAV.

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


def run_together(begins: Sequence[Begin]) -> list[Decoded | Exception]:
    """Decode several files in step; each gives the same samples as alone.

    Parameters
    ----------
    begins : sequence of callable
        Each begins a file, and begins it again where decoding it beside others failed.

    Returns
    -------
    list of Decoded or Exception
        What became of each: one that fails doesn't disturb the others.
    """
    decodings = [begin() for begin in begins]
    outcomes: dict[int, Decoded | Exception] = {}
    requests: dict[int, Request] = {}

    def advance(index: int, wave: npt.NDArray[np.int16] | None) -> None:
        try:
            requests[index] = decodings[index].send(wave)  # type: ignore[arg-type]  # None starts a generator
        except StopIteration as stop:
            outcomes[index] = stop.value
        except Exception as error:
            outcomes[index] = error

    try:
        for index in range(len(decodings)):
            advance(index, None)
        while requests:
            model = next(iter(requests.values())).model
            due = {index: request for index, request in requests.items() if request.model is model}
            for index in due:
                del requests[index]
            try:
                waves = decode_together([one.decoder for one in due.values()], [one.codes for one in due.values()])
            except Exception as error:
                for index in due:
                    decodings[index].close()
                    # One of them is to blame, but all decoders are in an unknown state now: begin again, each alone.
                    outcomes[index] = error if len(due) == 1 else run_together([begins[index]])[0]
                continue
            for index, wave in zip(due, waves, strict=True):
                advance(index, wave)
    finally:
        for one in decodings:
            one.close()  # after an interruption, nothing half-written stays
    return [outcomes[index] for index in range(len(begins))]
