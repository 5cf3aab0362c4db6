import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.live.datagrams import (
    MAX_DATAGRAM_BYTES,
    MAX_REDUNDANCY,
    Datagram,
    Kind,
    Packetizer,
    SequenceCounter,
    join_packets,
    split_packets,
)


@given(st.sampled_from(Kind), st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=100))
def test_there_and_back(kind, session, number, body):
    datagram = Datagram(kind, session, number, body)
    assert Datagram.unpack(datagram.pack()) == datagram
    assert len(datagram.pack()) == 4 + len(body)


@given(st.binary(max_size=40))
def test_any_bytes_are_borne(data):
    datagram = Datagram.unpack(data)
    assert datagram is None or datagram.pack() == data


def test_what_is_none_of_ours():
    assert all(
        Datagram.unpack(data) is None
        for data in (b"", b"\xb1", b"\xb1\0\0", b"GET / HTTP", b"\xb0" + bytes(MAX_DATAGRAM_BYTES))
    )


@given(st.lists(st.binary(max_size=200), max_size=MAX_REDUNDANCY + 1))
def test_packets_are_joined_and_parted(packets):
    body = join_packets(packets)
    assert split_packets(body) == packets
    assert len(body) == sum(len(packet) + 1 + (len(packet) > 127) for packet in packets)


@given(st.binary(max_size=60) | st.lists(st.integers(0, 9), max_size=30).map(bytes))
def test_any_body_is_borne(body):
    packets = split_packets(body)
    assert not packets or join_packets(packets) == body
    assert len(packets) <= MAX_REDUNDANCY + 1


@pytest.mark.parametrize(
    "body",
    [b"\2a", b"\1a\1", b"\1a\x81\0b", b"\x80", b"\xff" * 10, b"\1a" * (MAX_REDUNDANCY + 2), b"\xff\xff\xff\x7fa"],
)
def test_malformed_bodies_hold_nothing(body):
    assert split_packets(body) == []
    assert Datagram(Kind.PACKETS, 0, 0, body).packets() == []


def test_whose_packets_they_are():
    body = join_packets([b"new", b"old"])
    assert Datagram(Kind.PACKETS, 0, 7, body).packets() == [b"new", b"old"]
    assert Datagram(Kind.GOODBYE, 0, 7, body).packets() == [None, b"new", b"old"]
    assert Datagram(Kind.GOODBYE, 0, 7).packets() == [None]
    assert Datagram(Kind.PACKET, 0, 7, body).packets() == [body]
    assert Datagram(Kind.HELLO, 0, 7, body).packets() == []


def test_without_redundancy_packets_stay_as_they_are():
    stream = Packetizer(b"header", 0.04)
    sent = [datagram for number in range(30) for datagram in stream.packet(number, bytes([number]))]
    assert [datagram.number for datagram in sent if datagram.kind is Kind.HELLO] == [0, 1, 2, 25]
    assert [datagram.body for datagram in sent if datagram.kind is Kind.PACKET] == [bytes([n]) for n in range(30)]
    assert len(sent) == 34
    assert stream.goodbye() == (Kind.GOODBYE, stream.session, 30, b"")


def test_a_datagram_brings_the_packets_before_its_own():
    stream = Packetizer(b"header", 0.04, 2)
    sent = [datagram for number in range(30) for datagram in stream.packet(number, bytes([number]))]
    assert [datagram.number for datagram in sent if datagram.kind is Kind.HELLO] == [0, 1, 2, 25]
    packets = {datagram.number: datagram.packets() for datagram in sent if datagram.kind is Kind.PACKETS}
    assert packets[0] == [b"\0"] and packets[1] == [b"\1", b"\0"]
    assert all(packets[number] == [bytes([number - back]) for back in range(3)] for number in range(2, 30))
    assert stream.goodbye().packets() == [None, bytes([29]), bytes([28])]


def test_copies_without_room_are_left_out():
    stream = Packetizer(b"header", 0.04, 8)
    packets = [bytes([number]) * 500 for number in range(9)]
    for number, packet in enumerate(packets):
        *_, datagram = stream.packet(number, packet)
    assert len(datagram.pack()) <= MAX_DATAGRAM_BYTES
    assert datagram.packets() == [packets[8], packets[7], packets[6], packets[5]]
    assert Datagram.unpack(stream.goodbye().pack()) == stream.goodbye()


def test_numbers_go_on_beyond_16_bits():
    draw = random.Random(0)
    whole = list(range(65_000, 200_000, 7))
    shuffled = [number + draw.randrange(-3000, 3000) for number in whole]
    count = SequenceCounter()
    offset = count(shuffled[0] % 65536) - shuffled[0]
    assert [count(number % 65536) - offset for number in shuffled[1:]] == shuffled[1:]
