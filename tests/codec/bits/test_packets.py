"""Packets, alone and in files."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import FormatError, Header, Packets, PacketWriter, Reader, Voice

WIDTHS = (10, 7, 7)
VOICE = Voice(180, b"speaker!")


def header(steps: int) -> Header:
    return Header(b"\1\2\3\4", 1, None, 16000, 1, 190, b"somebody", packet_steps=steps)


def random_codes(steps: int, widths=WIDTHS, seed: int = 0):
    return np.random.default_rng(seed).integers(0, 1 << np.array(widths), (steps, len(widths)), np.int16)


def stream(count: int, steps: int = 1, size_with_voice=()) -> tuple[bytes, np.ndarray, list[int]]:
    """A file of packets, its codes, and where the packets begin."""
    layout, codes = Packets(WIDTHS, steps, 8), random_codes(count * steps)
    file = io.BytesIO()
    writer = PacketWriter(file, header(steps).pack())
    starts = []
    for number in range(count):
        starts.append(file.tell())
        now = codes[number * steps : (number + 1) * steps]
        writer.write(layout.pack(now, VOICE if number in size_with_voice else None))
    writer.close(count * steps * 640 - 100)
    return file.getvalue(), codes, starts


def read(data: bytes):
    reader = Reader(io.BytesIO(data))
    return reader, list(reader.blocks(WIDTHS, step=640))


@given(
    st.lists(st.integers(1, 15), min_size=1, max_size=8).map(tuple),
    st.integers(1, 50),
    st.binary(max_size=30),
    st.data(),
)
def test_there_and_back(widths, steps, speaker, data):
    layout = Packets(widths, steps, len(speaker))
    codes = random_codes(steps, widths, data.draw(st.integers(0, 99)))
    for voice in (None, Voice(data.draw(st.integers(0, 255)), speaker)):
        packet = layout.pack(codes, voice)
        back, told = layout.unpack(packet)
        np.testing.assert_array_equal(back, codes)
        assert told == voice and len(packet) == (layout.plain if voice is None else layout.size_with_voice)


@given(st.binary(max_size=60))
def test_other_sizes_are_refused(data):
    layout = Packets(WIDTHS, 2, 8)
    if len(data) in (6, 15):
        assert len(layout.unpack(data)[0]) == 2
    else:
        with pytest.raises(FormatError, match="a packet of"):
            layout.unpack(data)


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_in_a_file(steps):
    data, codes, _ = stream(9, steps, size_with_voice=(0, 4))
    reader, blocks = read(data)
    assert reader.header == header(steps)
    np.testing.assert_array_equal(np.concatenate([block.codes for block in blocks]), codes)
    assert [number for number, block in enumerate(blocks) if block.voice] == [0, 4]
    assert blocks[4].voice == VOICE
    assert reader.total_samples == 9 * steps * 640 - 100
    assert reader.complete and not reader.trailing and not reader.damaged_steps


@pytest.mark.parametrize("number", [0, 5, 6, 11])
@pytest.mark.parametrize("offset", range(6))
def test_a_wrong_byte_costs_one_packet(number, offset):
    data, codes, starts = stream(12, size_with_voice=(5,))
    broken = bytearray(data)
    broken[starts[number] + offset] ^= 0x55
    reader, blocks = read(bytes(broken))
    assert [at for at, block in enumerate(blocks) if block.codes is None] == [number]
    kept = np.concatenate([block.codes for block in blocks if block.codes is not None])
    np.testing.assert_array_equal(kept, np.delete(codes, number, 0))
    assert reader.complete and reader.total_samples == 12 * 640 - 100


def test_damage_is_concealed_for_a_minute_only():
    data, _, starts = stream(4000)
    broken = data[: starts[10]] + bytes(starts[3900] - starts[10]) + data[starts[3900] :]
    reader, blocks = read(broken)
    assert reader.damaged_steps == 1500 and len(blocks) == 10 + 1500 + 100
    assert reader.missing_steps == 3890 - 1500


@pytest.mark.parametrize("broken", [{"packet_steps": 51}, {"packet_steps": -1}, {"packet_steps": 1, "samples": 99}])
def test_headers_that_cannot_be(broken):
    facts = {"samples": None, "packet_steps": 1} | broken
    with pytest.raises(ValueError, match="packets have"):
        Header(b"\1\2\3\4", 1, facts["samples"], 16000, 1, 190, b"", packet_steps=facts["packet_steps"])


@pytest.mark.parametrize(("flags", "steps"), [(0x20, 1), (0x28, 0), (0x28, 51)])
def test_headers_that_are_damaged(flags, steps):
    from sottovoce.codec.bits.crc import append_crc

    data = bytearray(header(1).pack()[:-2])
    data[5], data[-1] = flags, steps
    with pytest.raises(FormatError, match="damaged"):
        read(append_crc(bytes(data)) + bytes(50))
