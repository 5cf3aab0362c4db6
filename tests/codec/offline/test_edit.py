"""Cut and joined files have the codes of the files that they were made of."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers.sounds import speech
from helpers.speakers import real_speech

from sottovoce.codec import Codec, SottoError, info
from sottovoce.codec.bits import Reader
from sottovoce.codec.models import blocks_of
from sottovoce.codec.offline.edit import cut, join
from sottovoce.codec.offline.options import TimeSpan

STEP = 640


def blocks(data: bytes):
    codec = Codec.load()
    reader = Reader(io.BytesIO(data))
    (preset,) = (one for one in codec.model.presets.values() if one.index == reader.header.preset)
    return reader, list(blocks_of(reader, codec.model, preset))


def codes_of(data: bytes) -> np.ndarray:
    return np.concatenate([block.codes for block in blocks(data)[1]])


def part(data: bytes, *span: float) -> bytes:
    sink = io.BytesIO()
    done = cut(io.BytesIO(data), sink, TimeSpan(*span))
    assert done.bytes == len(sink.getvalue())
    return sink.getvalue()


def joined(*files: bytes) -> bytes:
    for number, data in enumerate(files):
        Path(f"{number}.sotto").write_bytes(data)
    sink = io.BytesIO()
    done = join([f"{number}.sotto" for number in range(len(files))], sink)
    assert done.bytes == len(sink.getvalue())
    return sink.getvalue()


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 9), (0, 0.01), (2, 4), (1.99, 4.01), (3.337, 7.123), (8.9, 100), (5, np.inf)]
)
def test_a_part_has_the_codes_of_the_whole(encode, start, stop):
    data = encode(speech(9.01))
    whole, header = codes_of(data), Reader(io.BytesIO(data)).header
    unit = header.packet_steps or 1
    first = int(start * 25) // unit * unit
    last = min(-(-9.01 * 25 // 1), -(-stop * 25 // 1))
    cut_out = part(data, start, stop)
    codes = codes_of(cut_out)
    np.testing.assert_array_equal(codes, whole[first : first + len(codes)])
    assert len(codes) == -(-(last - first) // unit) * unit
    reader, _ = blocks(cut_out)
    assert reader.total_samples == min(round(9.01 * 16000), last * STEP) - first * STEP
    assert reader.complete and not reader.trailing
    kept = ("model", "preset", "rate", "channels", "metadata", "packet_steps", "coded", "dtx")
    assert all(getattr(reader.header, name) == getattr(header, name) for name in kept)


def test_the_voice_in_force_goes_into_the_header(encode):
    wave = np.concatenate((0.03 * real_speech(5), real_speech(5)))
    data = encode(wave)
    voices, at = {}, 0
    reader, found = blocks(data)
    voice = reader.header.level, reader.header.speaker
    for block in found:
        for step in range(block.steps):
            voice = next((tuple(one.voice) for one in block.changes if one.step == step), voice)
            voices[at + step] = voice
        at += block.steps
    for seconds in (0, 1, 6, 9.5):
        header = Reader(io.BytesIO(part(data, seconds))).header
        unit = header.packet_steps or 1
        assert (header.level, header.speaker) == voices[int(seconds * 25) // unit * unit]
    assert len(set(voices.values())) > 1 or not reader.header.packet_steps


def test_parts_join_to_the_whole(encode, in_folder):
    data = encode(speech(9.01))
    pieces = [part(data, 0, 2.4), part(data, 2.4, 6), part(data, 6)]
    whole = joined(*pieces)
    np.testing.assert_array_equal(codes_of(whole), codes_of(data))
    assert blocks(whole)[0].total_samples == round(9.01 * 16000)
    header = Reader(io.BytesIO(data)).header
    if header.samples is not None and not header.dtx:
        assert whole == data


def test_the_last_step_of_each_is_filled_up(encode, in_folder):
    data = encode(speech(1.01))
    codes = codes_of(data)
    both = joined(data, data)
    np.testing.assert_array_equal(codes_of(both), np.concatenate((codes, codes)))
    assert blocks(both)[0].total_samples == len(codes) * STEP + round(1.01 * 16000)


def test_a_later_voice_is_told_by_its_first_packet(toy, in_folder):
    from sottovoce.codec.bits import PacketWriter, Voice
    from sottovoce.codec.stream import StreamEncoder

    codec = Codec.load()
    files = []
    for level in (100, 120):
        encoder = StreamEncoder(codec.model, codec.preset, Voice(level, bytes([level] * 8)))
        stream = io.BytesIO()
        writer = PacketWriter(stream, encoder.header)
        for packet in encoder.push(speech(1)) + encoder.finish():
            writer.write(packet)
        writer.close(16000)
        files.append(stream.getvalue())
    reader, found = blocks(joined(*files))
    assert reader.header.level == 100
    told = {number: block.voice for number, block in enumerate(found) if block.voice}
    assert told == {25: Voice(120, bytes([120] * 8))}


def test_several_in_one_are_cut_as_they_are_heard(encode, in_folder):
    one, two = encode(speech(3)), encode(speech(4, level=0.3))
    found = part(one + two, 2, 5)
    assert info(found).files == 2
    assert info(found).seconds == pytest.approx(3, abs=0.041)
    if not Reader(io.BytesIO(one)).header.packet_steps:
        assert found == part(one, 2) + part(two, 0, 2)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (lambda: Codec.load(preset="low").encode(speech(1), 16000), "of preset 'low', 0.sotto is of 'default'"),
        (lambda: Codec.load(model="other").encode(speech(1), 16000), "not of the same model as 0.sotto"),
        (lambda: Codec.load().encode(speech(1, level=0.01), 16000), "not of the same voice and level as 0.sotto"),
    ],
)
def test_what_does_not_go_together_is_told(codec, in_folder, other, reason):
    with pytest.raises(SottoError, match=f"^1.sotto: {reason}; .*`cat`"):
        joined(codec.encode(speech(1), 16000), other())


def test_a_live_stream_and_a_recording_do_not_go_together(encode, codec, in_folder):
    data = encode(speech(1))
    if Reader(io.BytesIO(data)).header.packet_steps:
        with pytest.raises(SottoError, match="live"):
            joined(codec.encode(speech(1), 16000), data)


def test_too_early(encode):
    data = encode(speech(3))
    with pytest.raises(SottoError, match=r"ends at 3.00 s.*; begin earlier"):
        part(data, 3.5)


def test_damage_is_not_copied_but_what_is_around_it(codec, in_folder):
    wave = speech(20)
    data = bytearray(codec.encode(wave, 16000))
    whole = codes_of(bytes(data))
    data[len(data) // 2] ^= 1
    with pytest.raises(SottoError, match=r"damaged from \d+.00 to \d+.00 s; cut around"):
        part(bytes(data))
    np.testing.assert_array_equal(codes_of(part(bytes(data), 0, 7)), whole[: 7 * 25])
    np.testing.assert_array_equal(codes_of(part(bytes(data), 15)), whole[15 * 25 :])
    with pytest.raises(SottoError, match=r"0\.sotto: damaged"):
        joined(bytes(data))
    short = codec.encode(wave, 16000)[:-400]
    with pytest.raises(SottoError, match="cut off at"):
        part(short, 1)
    with pytest.raises(SottoError, match="cut off at"):
        joined(short)
    assert part(short, 1, 5) == part(codec.encode(wave, 16000), 1, 5)


def test_an_end_that_lies_is_told(encode, in_folder):
    one, two = encode(speech(9)), encode(speech(1))
    if Reader(io.BytesIO(one)).header.samples is None:
        end = len(two) - two.rindex(b"\0\x80\x7d")  # of 16000 samples
        lying = one[: one.rindex(b"\0\x80\xe5")] + two[-end:]
        assert len(codes_of(part(lying, 0, 4.8))) == 120  # read no further
        for work in (lambda: part(lying, 3), lambda: joined(lying)):
            with pytest.raises(SottoError, match="another length"):
                work()
