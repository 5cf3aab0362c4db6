"""UdpSender and receiver on loopback, and what strangers may send."""

import errno
import os
import random
import socket
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError
from sottovoce.codec.live import udp
from sottovoce.codec.live.datagrams import Datagram, Kind
from sottovoce.codec.live.player import Player
from sottovoce.codec.live.udp import SILENT_SECONDS, UdpReceiver, UdpSender, parse_address
from sottovoce.codec.stream import StreamEncoder

CODEC = Codec.load(preset="low")
HEADER = StreamEncoder(CODEC.model, CODEC.preset).header
PACKET = 640
CODES = b"\0\0"


class Output:
    """A loudspeaker that waits for ever."""

    fill = 0

    def start(self, silence):
        self.fill += silence

    def write(self, wave, first):
        self.fill += len(wave)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that the tests set: however slow the machine, nobody is silent for too long."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(udp, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=lambda seconds: None))
    return clock


@pytest.fixture
def outputs():
    return []


@pytest.fixture
def receiver(outputs):
    def listen(decoder):
        outputs.append(Output())
        return Player(decoder, outputs[-1])

    receiver = UdpReceiver("127.0.0.1", 0, listen)
    yield receiver
    receiver.close()


def sender(receiver, redundancy: int = 0) -> UdpSender:
    return UdpSender("127.0.0.1", receiver.port, HEADER, 0.04, redundancy)


def step(receiver) -> None:
    """Take all that was sent: on loopback it is there, but two processors may have to agree."""
    for _ in range(5):
        receiver.step(0.03)


def test_a_stream_from_hello_to_goodbye(receiver, outputs):
    stream = sender(receiver)
    for number in range(30):
        stream.send(number, CODES)
    step(receiver)
    assert receiver.active and receiver.player.seconds == pytest.approx(30 * 0.04)
    assert receiver.bytes == 30 * 6 + 4 * (4 + len(HEADER))  # hellos of packets 0, 1, 2 and 25
    stream.close()
    step(receiver)
    assert not receiver.active
    assert outputs[0].fill == 31 * PACKET + 320  # with silence in place of the decoder's delay


def lossy(stream: UdpSender, lost: Callable[[int], bool]) -> None:
    """Lose the datagrams of some packets, and who speaks before them."""
    put = stream._put
    stream._put = lambda datagram: None if lost(datagram.number) else put(datagram)


@pytest.mark.parametrize("redundancy", [1, 3, 8])
def test_redundancy_makes_up_for_so_many_lost_in_a_row(receiver, redundancy):
    stream = sender(receiver, redundancy)
    period = redundancy + 1
    lossy(stream, lambda number: number % period < redundancy)  # the first and the last ones too
    for number in range(10 * period - 1):
        stream.send(number, bytes([number, 0]))
    stream.close()
    step(receiver)
    jitter_buffer = receiver.player.jitter_buffer
    assert not receiver.active
    assert receiver.player.seconds == pytest.approx((10 * period - 1) * 0.04)
    assert (jitter_buffer.lost, jitter_buffer.late, receiver.player.concealed) == (0, 0, 0)


def test_who_comes_later_hears_the_next_hello(receiver):
    stream = sender(receiver)
    stream._put = lambda datagram: None
    for number in range(3):
        stream.send(number, CODES)
    del stream._put
    stream.send(3, CODES)
    step(receiver)
    assert receiver.player is None
    stream.send(25, CODES)
    step(receiver)
    assert receiver.active and receiver.player.seconds == pytest.approx(0.04)


def test_one_sender_at_a_time(receiver, outputs, clock):
    first, second = sender(receiver), sender(receiver)
    first.send(0, CODES)
    step(receiver)
    second.send(0, CODES)
    second.close()
    step(receiver)
    assert len(outputs) == 1 and receiver.active
    clock.now += SILENT_SECONDS + 0.1
    sender(receiver).send(0, CODES)
    step(receiver)
    assert len(outputs) == 2


def test_strangers_and_rubbish_are_left_out(receiver, outputs):
    stream = sender(receiver)
    stream.send(0, CODES)
    step(receiver)
    draw = random.Random(0)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(300):
        rubbish = draw.randbytes(draw.randrange(1, 60))
        stranger.sendto(bytes([draw.choice([*Kind, 0])]) + rubbish, ("127.0.0.1", receiver.port))
        receiver.step(0.001)
    stranger.sendto(bytes(60_000), ("127.0.0.1", receiver.port))
    for number in (1, 2):
        stream._put(Datagram(Kind.PACKET, stream._stream.session, number, bytes(999)))
        for body in (b"", b"\2a", b"\3abc", b"\2ab\x80", b"\2ab" * 10):
            stream._put(Datagram(Kind.PACKETS, stream._stream.session, number, body))
        stream.send(number, CODES)
    step(receiver)
    assert len(outputs) == 1
    assert receiver.player.seconds == pytest.approx(3 * 0.04)


def test_a_port_that_is_taken_is_told(receiver):
    with pytest.raises(SottoError, match="in use"):
        UdpReceiver("127.0.0.1", receiver.port, lambda decoder: None)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("host:4010", ("host", 4010)), ("[::1]:99", ("::1", 99)), ("4010", ("", 4010)), (":5", ("", 5))],
)
def test_addresses(text, parsed):
    assert parse_address(text, host_required=False) == parsed


@pytest.mark.parametrize("text", ["", "host", "host:", "host:0", "host:65536", "host:1x", "4010", "host:²"])
def test_no_addresses(text):
    with pytest.raises(SottoError, match=r"missing|isn't an address"):
        parse_address(text)


def test_a_host_that_is_none():
    with pytest.raises(SottoError, match="no such host"):
        UdpSender("host.invalid", 1, HEADER, 0.04)


def test_numbers_of_packets_wrap(receiver, outputs):
    stream = sender(receiver)
    for number in range(65_525, 65_560):
        stream.send(number, CODES)
    step(receiver)
    assert np.isclose(receiver.player.seconds, 35 * 0.04) or receiver.player.seconds > 0.9
    assert receiver.player.jitter_buffer.lost == 0


@pytest.mark.parametrize("steps", [5, 10])
def test_packets_of_200_and_400_ms(receiver, outputs, steps):
    encoder = StreamEncoder(CODEC.model, CODEC.preset, steps=steps)
    packets = encoder.push(speech(0.8, 16000, 1)) + encoder.finish()
    sending = UdpSender("127.0.0.1", receiver.port, encoder.header, steps * 0.04)
    for number, packet in enumerate(packets):
        sending.send(number, packet)
    sending.close()
    step(receiver)
    receiver.finish()
    assert len(packets) == 20 // steps
    assert receiver.player.seconds == pytest.approx(0.8)
    assert receiver.player.jitter_buffer.lost == receiver.player.concealed == 0
    assert outputs[-1].fill >= 12800


class Route:
    """Stands for the sockets of a sender, whose datagrams an error stops while it is set."""

    def __init__(self, monkeypatch):
        self.error = None
        real = udp._connected

        def connected(family, address):
            sock = real(family, address)

            def send(data):
                if self.error:
                    raise OSError(self.error, os.strerror(self.error))
                return sock.send(data)

            return SimpleNamespace(send=send, close=sock.close)

        monkeypatch.setattr(udp, "_connected", connected)


@pytest.mark.parametrize("name", ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ENOBUFS", "EPERM", "ECONNREFUSED"])
def test_a_lost_route_counts_as_loss(receiver, monkeypatch, name):
    route = Route(monkeypatch)
    sending = sender(receiver)
    for number in range(60):
        route.error = getattr(errno, name) if 5 <= number < 55 else None  # two seconds
        sending.send(number, CODES)
    sending.close()
    step(receiver)
    receiver.finish()
    assert sending.unsent == 52  # a packet each, and the hellos of 25 and 50
    assert sending.last_error.errno == getattr(errno, name)
    assert receiver.player.jitter_buffer.lost == receiver.player.concealed == 50


def test_other_errors_end_it(receiver, monkeypatch):
    route = Route(monkeypatch)
    sending = sender(receiver)
    route.error = errno.EBADF
    with pytest.raises(SottoError, match="the network"):
        sending.send(0, CODES)


def test_a_receiver_hears_both_families(outputs):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    for host in ("127.0.0.1", "::1"):
        receiver = UdpReceiver("", 0, lambda decoder: Player(decoder, Output()))
        sending = UdpSender(host, receiver.port, HEADER, 0.04)
        sending.send(0, CODES)
        step(receiver)
        assert receiver.active, host
        sending.close()
        receiver.close()


def test_the_next_address_is_used_where_one_has_no_route(receiver, monkeypatch):
    """A host may have an IPv6 address that nobody listens at, as localhost has here."""
    nowhere = (socket.AF_INET, ("127.0.0.1", 9))
    monkeypatch.setattr(udp, "_resolve", lambda *_, **__: [nowhere, (socket.AF_INET, ("127.0.0.1", receiver.port))])
    real = udp._connected

    def connected(family, address):
        if address[1] == 9:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return real(family, address)

    monkeypatch.setattr(udp, "_connected", connected)
    sending = UdpSender("localhost", receiver.port, HEADER, 0.04)
    for number in range(26):  # the second hello is a second later
        sending.send(number, CODES)
    sending.close()
    step(receiver)
    assert sending.unsent == 1
    assert receiver.player
