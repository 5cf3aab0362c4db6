"""Streams with the model in the box: the same codes and samples as from files, however they come."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.codec import Codec, SottoError, info
from sottovoce.codec.bits import Header, Packets, PacketWriter, Voice
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.stream import VOICE_INTERVAL_SECONDS, StreamDecoder, StreamEncoder
from sottovoce.codec.voice.level import byte_to_level, measure_level_byte
from sottovoce.codec.voice.tracker import voice_of
from sottovoce.models.runtime.state import State

SAMPLES = Path(__file__).parents[2] / "samples"
CODEC = Codec.load()
MODEL, PRESET = CODEC.model, CODEC.preset
STEP = MODEL.step


@cache
def speech(seconds: float, name: str = "slt-16k-mono.wav") -> np.ndarray:
    with open_sound(str(SAMPLES / name), 16000) as sound:
        return np.resize(np.concatenate(list(sound)), round(seconds * 16000))


@cache
def offline(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Codes and samples of the whole recording."""
    wave = speech(seconds)
    return CODEC.codes(wave, 16000), np.rint(CODEC.decode(CODEC.encode(wave, 16000)) * 32768).astype(np.int16)


def encoder(voice: Voice | None = None, steps: int = 1) -> StreamEncoder:
    return StreamEncoder(MODEL, PRESET, voice, steps=steps)


def encode(wave: np.ndarray, cuts=(), **how) -> tuple[bytes, list[bytes]]:
    stream = encoder(**how)
    packets = [packet for piece in np.split(wave, sorted(cuts)) for packet in stream.push(piece)]
    return stream.header, packets + stream.finish()


def decode(header: bytes, packets) -> np.ndarray:
    stream = StreamDecoder(header)
    return np.concatenate([*(stream.push(packet) for packet in packets), stream.finish()])


def codes_of(packets: list[bytes], steps: int) -> np.ndarray:
    layout = Packets(PRESET.bits, steps, 8)
    return np.concatenate([layout.unpack(packet)[0] for packet in packets])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 24000), max_size=40), st.sampled_from([1, 2]))
def test_however_it_is_cut_codes_and_samples_are_those_of_the_file(cuts, steps):
    wave = speech(1.5)
    codes, samples = offline(1.5)
    header, packets = encode(wave, cuts, voice=voice_of(wave, MODEL), steps=steps)
    np.testing.assert_array_equal(codes_of(packets, steps)[: len(codes)], codes)
    np.testing.assert_array_equal(decode(header, packets)[: len(wave)], samples)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 64000), max_size=40), st.sampled_from([1, 2]))
def test_a_voice_is_learnt_in_the_same_way_however_it_is_cut(cuts, steps):
    assert encode(speech(4.0), cuts, steps=steps) == encode(speech(4.0), steps=steps)


def test_a_file_of_packets_is_decoded_as_they_were():
    wave = speech(3.0)
    header, packets = encode(wave)
    file = io.BytesIO()
    writer = PacketWriter(file, header)
    for packet in packets:
        writer.write(packet)
    writer.close(len(wave))
    heard = np.rint(CODEC.decode(file.getvalue()) * 32768).astype(np.int16)
    np.testing.assert_array_equal(heard, decode(header, packets)[: len(wave)])
    found = info(file.getvalue())
    assert (found.seconds, found.damaged, found.missing) == (3.0, 0, 0)


@pytest.mark.parametrize("gain", [0.02, 1.0, 6.0])
def test_level_and_speaker_are_learnt(gain):
    wave = np.clip(speech(4.0) * np.float32(gain), -1, 1)
    header, packets = encode(wave)
    told = [voice for packet in packets if (voice := Packets(PRESET.bits, 1, 8).unpack(packet)[1])]
    assert abs(byte_to_level(told[-1].level) - byte_to_level(measure_level_byte(wave))) < 3
    heard = decode(header, packets)[16000 : len(wave)] / np.float32(32768)
    assert abs(byte_to_level(measure_level_byte(heard)) - byte_to_level(measure_level_byte(wave[16000:]))) < 3
    assert told[-1].speaker != MODEL.neutral_speaker


def test_a_voice_is_told_again_for_those_who_missed_it():
    _, packets = encode(np.tile(speech(2.0), 4))
    size_with_voice = [
        i for i, packet in enumerate(packets) if len(packet) == Packets(PRESET.bits, 1, 8).size_with_voice
    ]
    often = VOICE_INTERVAL_SECONDS * 16000 // STEP
    assert {often, 2 * often, 3 * often} <= set(size_with_voice) and len(size_with_voice) < 12
    assert all(len(packet) == 3 for packet in encode(speech(3.0), voice=Voice(200, bytes(8)))[1])


@pytest.mark.parametrize("at", [0, 700, 20001])
def test_a_saved_state_goes_on_elsewhere(at):
    wave = speech(2.0)
    header, packets = encode(wave)
    first = encoder()
    begun = first.push(wave[:at])
    second = encoder()
    second.state = State.load(first.state.save())
    assert begun + second.push(wave[at:]) + second.finish() == packets

    whole = decode(header, packets)
    first, second = StreamDecoder(header), StreamDecoder(header)
    half = [first.push(packet) for packet in packets[: at // STEP]]
    second.state = first.state.copy()
    first.push(None)  # the copy is its own
    half += [second.push(packet) for packet in packets[at // STEP :]] + [second.finish()]
    np.testing.assert_array_equal(np.concatenate(half), whole)


def test_a_state_of_something_else_is_refused():
    stream = StreamDecoder(encode(speech(0.1))[0])
    with pytest.raises(ValueError, match="another kind"):
        stream.state = encoder().state
    with pytest.raises(ValueError, match="not the state"):
        State.load(b"rubbish")
    foreign = stream.state
    foreign.arrays["_decoder.conditioner.stack.layers.0.past"] = np.zeros((2, 5))
    with pytest.raises(ValueError, match="another model"):
        stream.state = foreign


def test_reset_begins_anew():
    wave = speech(1.0)
    stream = encoder()
    once = stream.push(wave) + stream.finish()
    stream.reset()
    assert stream.push(wave) + stream.finish() == once
    listener = StreamDecoder(stream.header)
    heard = [listener.push(packet) for packet in once]
    listener.reset()
    for before, packet in zip(heard, once, strict=True):
        np.testing.assert_array_equal(listener.push(packet), before)


@pytest.mark.parametrize("steps", [1, 2])
def test_latency_is_what_was_declared(steps):
    wave, stream = speech(2.0), encoder(steps=steps)
    size, worst, packets = steps * STEP, 0, []
    for at in range(0, len(wave), 16):
        for packet in stream.push(wave[at : at + 16]):
            worst = max(worst, at + 16 - size * len(packets))
            packets.append(packet)
    assert stream.latency - 0.001 < worst / 16000 <= stream.latency
    listener, given_ = StreamDecoder(stream.header), 0
    for number, packet in enumerate(packets[:20]):
        given_ += len(listener.push(packet))
        assert (number + 1) * size - given_ <= listener.latency * 16000
    assert 20 * size - given_ == listener.latency * 16000
    assert stream.latency + listener.latency <= (0.2 if steps == 1 else 0.24)


def test_lost_packets_are_concealed_without_a_click():
    wave = speech(3.0)
    header, packets = encode(wave)
    clean = decode(header, packets)
    lost = decode(header, [None if 20 <= i % 30 < 24 else packet for i, packet in enumerate(packets)])
    assert len(lost) == len(clean)
    assert np.abs(np.diff(lost.astype(int))).max() <= 1.2 * np.abs(np.diff(clean.astype(int))).max()
    assert (decode(header, packets[:20] + [None] * 20)[-6400:] == 0).mean() > 0.5  # held, then faded


def test_what_is_no_stream_is_refused():
    with pytest.raises(SottoError, match=r"not a \.sotto"):
        StreamDecoder(b"hello")
    with pytest.raises(SottoError, match="of a file"):
        StreamDecoder(CODEC.encode(speech(1.0), 16000))
    with pytest.raises(SottoError, match="model"):
        StreamDecoder(Header(b"abcd", 1, None, 16000, 1, 99, bytes(8), packet_steps=1).pack())
    with pytest.raises(SottoError, match="speaker bytes"):
        StreamDecoder(Header(MODEL.id, 1, None, 16000, 1, 99, bytes(7), packet_steps=1).pack())
    header, packets = encode(speech(1.0))
    stream, other = StreamDecoder(header), StreamDecoder(header)
    for size in (0, 2, 4, 11, 13, 1000):
        assert not stream.fits(bytes(size))
        with pytest.raises(SottoError, match="packet of"):
            stream.push(bytes(size))
    for packet in packets:
        np.testing.assert_array_equal(stream.push(packet), other.push(packet))


def test_memory_does_not_grow():
    wave = speech(2.0)
    stream = encoder()
    listener = StreamDecoder(stream.header)
    sizes = []
    for second in range(24):
        for packet in stream.push(wave[16000 * (second % 2) :][:16000]):
            listener.push(packet)
        sizes.append(len(stream.state.save()) + len(listener.state.save()))
    assert max(sizes[12:]) - min(sizes[12:]) < 4096
