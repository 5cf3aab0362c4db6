"""Messages as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import FormatError
from sottovoce.codec.bits.crc import crc16
from sottovoce.codec.bits.message import (
    MOST_STEPS,
    OTHER,
    Message,
    Part,
    is_encrypted,
    is_message,
    is_packet,
    pack_packets,
    packets_of,
    sealed,
    stated_model,
    unsealed,
)

ID = b"\xc0\xff\xee\x01"
parts = st.builds(
    lambda number, first, steps, more: (Part(number, first + steps + more, first), steps),
    *(st.integers(0, 255), st.integers(0, 600), st.integers(1, 500), st.integers(0, 400)),
)
messages = st.one_of(
    st.builds(
        lambda mode, level, steps, payload, dtx, speaker: Message(mode, level, steps, payload, dtx, speaker),
        *(st.integers(0, 7), st.integers(0, 31), st.integers(1, MOST_STEPS)),
        *(st.binary(max_size=20), st.booleans(), st.binary(max_size=3)),
    ),
    st.builds(
        lambda part, payload, preset: Message(OTHER, 5, part[1], payload, True, b"s", ID, preset, part[0]),
        *(parts, st.binary(max_size=20), st.integers(0, 255)),
    ),
)


@given(messages)
def test_what_is_packed_is_parsed(message):
    body = message.body()
    assert Message.parse(body) == message
    assert unsealed(sealed(body, ID), lambda body: [b"else", ID]) == (body, ID)
    assert is_message(body) and not is_encrypted(body) and is_packet(body) == (message.part is not None)
    assert stated_model(body) == (ID if message.mode == OTHER else None)


def test_a_message_byte_by_byte():
    message = Message(1, 9, 200, b"\x12\x34", False, b"\x56\x78")
    assert message.body().hex(" ") == "c1 4a c8 01 56 78 12 34"
    assert sealed(message.body(), ID)[-2:] == crc16(ID + message.body()).to_bytes(2, "little")


def test_a_part_byte_by_byte():
    message = Message(OTHER, 31, 3, b"\x12", True, b"", ID, 2, Part(171, 300, 127))
    assert message.body().hex(" ") == "df c0 ff ee 01 02 fc ab ac 02 7f 03 12"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": 8},
        {"level": 32},
        {"steps": 0},
        {"steps": MOST_STEPS + 1},
        {"speaker": b"four"},
        {"model": ID},
        {"part": Part(0, 9, 0)},
        {"part": Part(0, MOST_STEPS + 1, 0)},
    ],
)
def test_impossible_messages(wrong):
    with pytest.raises(ValueError, match=r"a mode is|a message has"):
        Message(**{"mode": 0, "level": 9, "steps": 10, "payload": b""} | wrong)


@pytest.mark.parametrize(
    "body", ["c0", "c04b0a", "d04a", "cf01020304", "c04a00", "c04a808000", "c04a8000", "d04a001000 11"]
)
def test_bodies_that_are_no_message(body):
    with pytest.raises(FormatError, match="damaged"):
        Message.parse(bytes.fromhex(body))


def test_a_mode_of_the_future():
    with pytest.raises(FormatError, match="newer sottovoce"):
        Message.parse(bytes.fromhex("c8480a"))


@given(st.lists(st.binary(max_size=300)))
def test_files_of_packets(packets):
    data = pack_packets(packets)
    assert list(packets_of(data)) == packets
    for stop in range(1, len(data)):
        assert list(packets_of(data[:stop])) == packets[: len(list(packets_of(data[:stop])))]


def test_every_flip_of_up_to_two_bits_is_detected():
    data = sealed(Message(0, 9, 25, bytes(range(20)), False, b"ab").body(), ID)
    whole = int.from_bytes(data)
    for one in range(8 * len(data)):
        for other in range(one + 1):
            changed = (whole ^ 1 << one ^ (1 << other if other != one else 0)).to_bytes(len(data))
            with pytest.raises(FormatError):
                unsealed(changed, lambda body: [ID])
