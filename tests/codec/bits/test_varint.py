import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import varint
from sottovoce.codec.bits.source import Source


def peek(data: bytes, start: int = 0):
    return varint.peek(Source(io.BytesIO(data)), start)


@pytest.mark.parametrize(
    ("value", "data"),
    [(0, "00"), (127, "7f"), (128, "8001"), (150, "9601"), (16384, "808001"), (2**64 - 1, "ff" * 9 + "01")],
)
def test_known_encodings(value, data):
    assert varint.encode(value).hex() == data
    assert peek(bytes.fromhex(data)) == (value, len(data) // 2)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=4), st.binary(max_size=4))
def test_round_trip_amid_other_bytes(value, before, after):
    data = varint.encode(value)
    assert len(data) == max(1, -(-value.bit_length() // 7))
    assert peek(before + data + after, len(before)) == (value, len(before + data))


@pytest.mark.parametrize("value", [-1, 2**64])
def test_out_of_range(value):
    with pytest.raises(ValueError, match="64-bit"):
        varint.encode(value)


@pytest.mark.parametrize("data", ["", "80", "ffff", "8000", "808000", "ff" * 9 + "02", "ff" * 9 + "81", "ff" * 20])
def test_cut_off_too_long_or_not_the_shortest(data):
    assert peek(bytes.fromhex(data)) is None


def test_reads_no_byte_more_than_it_needs():
    stream = io.BytesIO(b"\x96\x01\x7f")
    assert varint.peek(Source(stream), 0) == (150, 2)
    assert stream.read() == b"\x7f"
