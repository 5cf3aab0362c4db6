"""Files whose parts are whole, but do not belong together."""

import io

import numpy as np
import pytest
from helpers import protected_files
from helpers.protected_files import STEP, WIDTHS, random_codes

from sottovoce.codec.bits import Header, Packets, PacketWriter, Reader, Writer


def coded(steps: int, seed: int) -> bytes:
    return protected_files.write(steps, 0, seed=seed)


def spans(data: bytes) -> list[tuple[int, int]]:
    return list(Reader(io.BytesIO(data)).spans(WIDTHS, step=STEP))


def flipped(data: bytes, *places: int) -> bytes:
    broken = bytearray(data)
    for at in places:
        broken[at] ^= 4
    return bytes(broken)


@pytest.mark.parametrize("more", [0, 1])
def test_a_damaged_last_block_before_a_damaged_header(more):
    """The blocks of the other file must not be taken for those that are lost."""
    one, other = coded(133, 1), coded(130, 2)
    last = spans(one)[-1][0]
    reader, rows = protected_files.read(flipped(one + other, last + 5, len(one) + 9) + coded(60, 3) * more)
    np.testing.assert_array_equal(rows[:100], random_codes(133, 1)[:100])
    assert len(rows) == 133 and (rows[100:] == -1).all()
    following = reader.another()
    assert reader.trailing
    assert bool(following) == bool(more)


def test_a_coded_block_twice():
    data = coded(180, 1)
    (start, stop), *_ = spans(data)
    reader, rows = protected_files.read(data[:stop] + data[start:])
    np.testing.assert_array_equal(rows, random_codes(180, 1))
    assert reader.foreign_bytes == stop - start
    reader, _ = protected_files.read(data)
    assert reader.foreign_bytes == reader.extra_steps == 0


def test_a_lost_block_is_not_foreign():
    data = coded(180, 1)
    _, (start, _), *_ = spans(data)
    reader, rows = protected_files.read(flipped(data, start + 5))
    assert reader.foreign_bytes == 0 and (rows[50:100] == -1).all()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_more_blocks_than_the_end_states(times):
    file = io.BytesIO()
    writer = Writer(file, Header(b"abcd", 1, None, 16000, 1, 99, b"who"), WIDTHS, step=STEP)
    writer.write(random_codes(130))
    writer.close(130 * STEP - 7)
    data = file.getvalue()
    (start, stop), *_ = spans(data)
    reader, rows = protected_files.read(data[:start] + data[start:stop] * times + data[stop:])
    assert len(rows) == 130 + 50 * (times - 1)
    assert reader.extra_steps == 50 * (times - 1)
    assert reader.total_samples == 130 * STEP - 7


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("times", [1, 2])
def test_a_packet_twice(steps, times):
    file = io.BytesIO()
    packets = Packets(WIDTHS, steps, 3)
    writer = PacketWriter(file, Header(b"abcd", 1, None, 16000, 1, 99, b"who", packet_steps=steps).pack())
    for number in range(10):
        writer.write(packets.pack(random_codes(steps, number)))
    writer.close(10 * steps * STEP)
    data = file.getvalue()
    (start, stop), *_ = spans(data)
    reader, _ = protected_files.read(data[:start] + data[start:stop] * times + data[stop:])
    assert bool(reader.extra_steps) == (times > 1)
