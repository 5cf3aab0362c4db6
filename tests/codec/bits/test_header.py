import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import FormatError, Header, Reader
from sottovoce.codec.bits.crc import append_crc

U64 = st.integers(0, 2**64 - 1)
BYTE = st.integers(0, 255)
HEADERS = st.builds(
    Header,
    model=st.binary(min_size=4, max_size=4),
    preset=BYTE,
    samples=st.none() | U64,
    rate=st.integers(0, 2**59 - 1),
    channels=st.integers(0, 31),
    level=BYTE,
    speaker=st.binary(max_size=255),
    metadata=st.none() | st.binary(max_size=300),
)
PLAIN = Header(b"\1\2\3\4", 1, 64000, 48000, 2, 200, bytes(8))


def read(data: bytes) -> Header:
    return Reader(io.BytesIO(data)).header


@given(HEADERS, st.binary(max_size=8))
def test_round_trip(header, after):
    stream = io.BytesIO(header.pack() + after)
    assert Reader(stream).header == header
    assert stream.read() == after


def test_small():
    assert len(PLAIN.pack()) <= 29


def test_more_channels_than_there_is_room_for():
    assert read(Header(b"abcd", 0, 0, 48000, 64, 0).pack()).channels == 31


def test_every_truncation():
    data = Header(b"\1\2\3\4", 1, None, 48000, 2, 200, bytes(8), b"a talk").pack()
    for size in range(len(data)):
        with pytest.raises(FormatError, match="empty" if size == 0 else "ends within|damaged"):
            read(data[:size])


def test_every_flipped_bit():
    data = PLAIN.pack()
    for bit in range(8 * len(data)):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            read(bytes(broken) + bytes(400))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"RIFF....WAVE", "not a .sotto file"),
        (b"\x89PNG\r\n\x1a\n", "not a .sotto file"),
        (b"\x89STO\2\0", "newer sottovoce .format version 2"),
        (b"\x89STO\0\0", "newer sottovoce"),
        *((b"\x89STO\1" + bytes([1 << bit]), "needs a newer sottovoce") for bit in (1, 7)),
        # Whole by its checksum, but with metadata over the limit, and with a length that it says it doesn't know.
        (append_crc(b"\x89STO\1\4" + bytes(9) + b"\xff\xff\xff\xff\x0f"), "damaged"),
        (append_crc(b"\x89STO\1\x08" + bytes(5) + b"\1" + bytes(3)), "damaged"),
        (append_crc(b"\x89STO\1\0" + bytes(5) + b"\x80\0" + bytes(3)), "damaged"),
    ],
)
def test_refusals_say_why_and_what_to_do(data, reason):
    with pytest.raises(FormatError, match=reason) as caught:
        read(data)
    assert str(caught.value) == f"{caught.value.reason}; {caught.value.remedy}"
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 100


@pytest.mark.parametrize(
    "field",
    [
        {"model": b"abc"},
        {"preset": 256},
        {"level": -1},
        {"samples": -1},
        {"samples": 2**64},
        {"rate": 2**59},
        {"channels": -1},
        {"speaker": bytes(256)},
        {"metadata": bytes(65537)},
    ],
)
def test_impossible_fields(field):
    plain = {"model": b"abcd", "preset": 0, "samples": 0, "rate": 1, "channels": 1, "level": 0}
    with pytest.raises(ValueError):
        Header(**(plain | field))
