import random

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.live.datagrams import LARGEST, Counter, Datagram, Kind


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
        Datagram.unpack(data) is None for data in (b"", b"\xb1", b"\xb1\0\0", b"GET / HTTP", b"\xb0" + bytes(LARGEST))
    )


def test_numbers_go_on_beyond_16_bits():
    draw = random.Random(0)
    whole = list(range(65_000, 200_000, 7))
    shuffled = [number + draw.randrange(-3000, 3000) for number in whole]
    count = Counter()
    offset = count(shuffled[0] % 65536) - shuffled[0]
    assert [count(number % 65536) - offset for number in shuffled[1:]] == shuffled[1:]
