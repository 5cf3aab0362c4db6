"""Several files in a stream."""

import io

import numpy as np
import pytest

from sottovoce.codec.bits import Header, Packets, PacketWriter, Reader, Writer
from sottovoce.codec.bits.header_search import MAX_GAP_BYTES

WIDTHS = (10, 7, 7)
STEP = 640


def codes(steps: int, seed: int):
    return np.random.default_rng(seed).integers(0, 1 << np.array(WIDTHS), (steps, 3), np.int16)


def write(kind: str, steps: int, seed: int) -> bytes:
    stream = io.BytesIO()
    if kind == "live":
        header = Header(b"abcd", 1, None, 16000, 1, 99, b"who", packet_steps=1)
        packets = Packets(WIDTHS, 1, 3)
        live = PacketWriter(stream, header.pack())
        for row in codes(steps, seed):
            live.write(packets.pack(row[None]))
        live.close(steps * STEP)
        return stream.getvalue()
    header = Header(b"abcd", 1, None if kind == "unknown" else steps * STEP, 16000, 1, 99, b"who", b"A=b")
    writer = Writer(stream, header, WIDTHS, step=STEP)
    writer.write(codes(steps, seed))
    writer.close()
    return stream.getvalue()


def read(data: bytes):
    """What is found of each file, and whether something else was there."""
    reader, found, foreign = Reader(io.BytesIO(data)), [], False
    while reader:
        blocks = list(reader.blocks(WIDTHS, step=STEP))
        rows = [np.full((one.steps, 3), -1) if one.damaged else one.codes for one in blocks]
        found.append(np.concatenate([np.zeros((0, 3), np.int16), *rows]))
        following = reader.another()
        foreign |= reader.trailing
        reader = following
    return found, foreign


KINDS = ("known", "unknown", "live")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_all_of_them_are_found(kind, other):
    files = [write(kind, 130, 1), write(other, 0, 2), write(kind, 1, 3), write(other, 50, 4)]
    found, foreign = read(b"".join(files))
    assert not foreign
    for rows, (steps, seed) in zip(found, [(130, 1), (0, 2), (1, 3), (50, 4)], strict=True):
        np.testing.assert_array_equal(rows, codes(steps, seed))


@pytest.mark.parametrize("kind", KINDS)
def test_any_wrong_byte_of_the_first_leaves_the_second_whole(kind):
    one, two = write(kind, 60, 1), write("known", 70, 2)
    head = len(Reader(io.BytesIO(one)).header.pack())
    for at in range(head, len(one)):
        broken = bytearray(one + two)
        broken[at] ^= 1 + at % 255
        found, _ = read(bytes(broken))
        assert len(found) == 2
        np.testing.assert_array_equal(found[1], codes(70, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_wherever_the_first_is_cut_off_the_second_is_whole(kind):
    one, two = write(kind, 60, 1), write("known", 70, 2)
    head = len(Reader(io.BytesIO(one)).header.pack())
    for size in range(head, len(one)):
        found, _ = read(one[:size] + two)
        np.testing.assert_array_equal(found[1], codes(70, 2))
        assert len(found) == 2 and len(found[0]) <= 60


def test_a_second_header_that_cannot_be_read_is_foreign():
    one, two = write("known", 60, 1), bytearray(write("known", 70, 2))
    for at in range(len(Reader(io.BytesIO(two)).header.pack())):
        broken = two.copy()
        broken[at] ^= 4
        found, foreign = read(one + broken)
        assert len(found) == 1 and foreign


def test_a_file_is_looked_for_so_far_and_no_further():
    one = write("known", 60, 1)
    assert len(read(one + bytes(MAX_GAP_BYTES // 2) + one)[0]) == 2
    found, foreign = read(one + bytes(2 * MAX_GAP_BYTES) + one)
    assert len(found) == 1 and foreign


def test_an_endless_stream_of_rubbish_ends():
    class Endless(io.BytesIO):
        def read(self, count=-1):
            return super().read(count) or b"\x89STO"[:count]

    reader = Reader(Endless(write("known", 60, 1)))
    assert len(list(reader.blocks(WIDTHS, step=STEP))) == 2
    assert reader.another() is None and reader.trailing


def test_codes_are_unpacked_when_they_are_looked_at(monkeypatch):
    unpacked = []
    unpack = Packets.codes
    monkeypatch.setattr(Packets, "codes", lambda self, packet: unpacked.append(packet) or unpack(self, packet))
    blocks = list(Reader(io.BytesIO(write("live", 30, 1))).blocks(WIDTHS, step=STEP))
    assert not unpacked and not any(block.damaged for block in blocks)
    np.testing.assert_array_equal(blocks[7].codes, codes(30, 1)[7:8])
    assert blocks[7].codes is blocks[7].codes and len(unpacked) == 1
