"""Speech over UDP: who sends, and who listens to one sender at a time."""

import socket
import time
from collections.abc import Callable

from sottovoce.codec.errors import SottoError, explained
from sottovoce.codec.live.datagrams import LARGEST, Datagram, Kind, Outgoing, SequenceCounter
from sottovoce.codec.live.player import Player
from sottovoce.codec.stream import StreamDecoder

SILENT_SECONDS = 3.0
"""After this long without a packet the next sender may speak."""

GOODBYES = 3
GOODBYE_SECONDS = 0.1
"""Between goodbyes: any may be lost, but losses come in bursts."""

MOST_AT_ONCE = 250
"""Datagrams taken before what is due is played: whoever sends more must not keep a receiver from playing."""

LATE_SECONDS = 0.3
"""How much later than a goodbye packets may come."""


def parse_address(text: str, default_host: str = "") -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``, ``[IPv6]:PORT`` or, where there is a default host, ``PORT``.

    Raises
    ------
    SottoError
        When it is none of these.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or default_host
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise SottoError("is no address", "give HOST:PORT, such as 192.0.2.7:4010", text)
    return host, int(port)


def _open(host: str, port: int, *, passive: bool) -> tuple[socket.socket, tuple]:  # type: ignore[type-arg]
    try:
        flags = socket.AI_PASSIVE if passive else 0
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags)[0]
    except socket.gaierror as error:
        raise SottoError("no such host", "check the address", host) from error
    return socket.socket(family, kind, protocol), address


class UdpSender:
    """Sends packets to an address. Nobody has to be there.

    Parameters
    ----------
    host, port : str, int
    header : bytes
        Of the stream.
    seconds : float
        Of speech in a packet.
    redundancy : int
        How many earlier packets each datagram brings once more.
    """

    def __init__(self, host: str, port: int, header: bytes, seconds: float, redundancy: int = 0) -> None:
        self._socket, self._address = _open(host, port, passive=False)
        self._stream = Outgoing(header, seconds, redundancy)

    def send(self, number: int, packet: bytes) -> None:
        """Send the next packet, and before it, now and then, who speaks."""
        for datagram in self._stream.packet(number, packet):
            self._put(datagram)

    def close(self) -> None:
        """Say goodbye."""
        for count in range(GOODBYES):
            time.sleep(GOODBYE_SECONDS if count else 0)
            self._put(self._stream.goodbye())
        self._socket.close()

    def _put(self, datagram: Datagram) -> None:
        try:
            self._socket.sendto(datagram.pack(), self._address)
        except ConnectionError:
            pass  # nobody listens yet
        except OSError as error:
            raise explained(error, "the network") from error


class UdpReceiver:
    """Listens at an address, to one sender at a time; whatever else comes is left out.

    Parameters
    ----------
    host, port : str, int
        Where to listen.
    listen : callable
        Makes a listener for a decoder.

    Attributes
    ----------
    listener : Player or None
        Of the sender that is or was heard last.
    speaking : bool
        Whether somebody is heard.
    bytes : int
        Of its datagrams.
    """

    def __init__(self, host: str, port: int, listen: Callable[[StreamDecoder], Player]) -> None:
        self.listener: Player | None = None
        self.speaking = False
        self.bytes = 0
        self._listen = listen
        self._sender: tuple[object, int] | None = None
        self._last = self._ended = 0.0
        self._whole = SequenceCounter()
        self._socket, address = _open(host, port, passive=True)
        try:
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise explained(error, f"{host}:{port}") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._socket.getsockname()[1]

    def step(self, seconds: float) -> None:
        """Wait so long for a datagram, take those that are there, and play what is due."""
        self._socket.settimeout(seconds)
        try:
            for _ in range(MOST_AT_ONCE):
                data, address = self._socket.recvfrom(LARGEST + 1)
                self._take(data, address)
                self._socket.settimeout(0)
        except (TimeoutError, BlockingIOError):
            pass
        except ConnectionError:
            pass  # Windows tells here that a datagram of ours reached nobody
        if self.listener and self.speaking:
            self.listener.pump()
            if self._ended and (self.listener.playout.done or time.monotonic() - self._ended > LATE_SECONDS):
                self.listener.finish()
                self.speaking = False

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _take(self, data: bytes, address: object) -> None:
        datagram = Datagram.unpack(data)
        if datagram is None:
            return
        sender = (address, datagram.session)
        if sender != self._sender:
            free = not self.speaking or time.monotonic() - self._last > SILENT_SECONDS
            if not free or datagram.kind is not Kind.HELLO or not self._begin(datagram.body):
                return
            self._sender = sender
        self._last = time.monotonic()
        self.bytes += len(data)
        number = self._whole(datagram.number)
        if not self.listener:
            return
        self.listener.put(number, *datagram.packets())
        if datagram.kind is Kind.GOODBYE:
            self.listener.playout.end = number
            self._ended = self._ended or self._last

    def _begin(self, header: bytes) -> bool:
        try:
            decoder = StreamDecoder(header)
        except SottoError:
            return False
        self.listener = self._listen(decoder)
        self.speaking = True
        self._ended = 0.0
        self.bytes = 0
        self._whole = SequenceCounter()
        return True
