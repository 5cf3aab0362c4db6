"""Speech over UDP: a sender, and a receiver of one sender at a time."""

import errno
import select
import socket
import time
from collections.abc import Callable

from sottovoce.codec.errors import SottoError, from_os_error
from sottovoce.codec.live.datagrams import MAX_DATAGRAM_BYTES, Datagram, Kind, Packetizer, SequenceCounter
from sottovoce.codec.live.player import Player
from sottovoce.codec.stream import StreamDecoder

SILENT_SECONDS = 3.0
"""Seconds without a packet after which another sender may take over."""

GOODBYES = 3
GOODBYE_SECONDS = 0.1
"""Seconds between goodbyes: any may be lost, but losses come in bursts."""

MAX_DATAGRAMS_PER_STEP = 250
"""Datagrams received before due packets are played: a flood must not keep a receiver from playing."""

LATE_SECONDS = 0.3
"""Seconds after a goodbye in which packets may still arrive."""

TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("ENETDOWN", "ENETUNREACH", "ENETRESET", "EHOSTDOWN", "EHOSTUNREACH", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"),
        *("EPERM", "EMSGSIZE", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ETIMEDOUT", "EAGAIN", "EINTR"),
    )
    if hasattr(errno, name)
)
"""Errors after which a later datagram may get through, such as a lost route; what they drop counts as lost."""

Address = tuple[socket.AddressFamily, tuple]  # type: ignore[type-arg]


def parse_address(text: str, *, host_required: bool = True) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT`` or ``[IPv6]:PORT``, or of ``PORT`` with an empty host if that is allowed.

    Raises
    ------
    SottoError
        When it is none of these.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    remedy = "give HOST:PORT, such as 192.0.2.7:4010" if host_required else "give PORT or HOST:PORT, such as 4010"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        missing = host_required and not colon
        raise SottoError("the port is missing" if missing else "isn't an address", remedy, text)
    if not host and host_required:
        raise SottoError("the host is missing", remedy, text)
    return host, int(port)


def _resolve(host: str, port: int, *, passive: bool) -> list[Address]:
    try:
        flags = socket.AI_PASSIVE if passive else 0
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_DGRAM, flags=flags)
    except socket.gaierror as error:
        raise SottoError("no such host", "check the address", host) from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


class UdpSender:
    """Sends packets to an address.

    Errors of the network that may pass count as loss. Where a host has several addresses, such as IPv6 and IPv4 ones,
    and one refuses datagrams or has no route, the next one is used.

    Parameters
    ----------
    host, port : str, int
        Address of the receiver, which need not be there.
    header : bytes
        Header of the stream.
    seconds : float
        Duration of a packet.
    redundancy : int
        Number of earlier packets that each datagram repeats.

    Attributes
    ----------
    unsent : int
        Number of datagrams that the network refused.
    last_error : OSError or None
        The reason of the last one.
    """

    def __init__(self, host: str, port: int, header: bytes, seconds: float, redundancy: int = 0) -> None:
        self.unsent = 0
        self.last_error: OSError | None = None
        self._addresses = _resolve(host, port, passive=False)
        self._socket: socket.socket | None = None
        self._stream = Packetizer(header, seconds, redundancy)

    def send(self, number: int, packet: bytes) -> None:
        """Send the next packet, and before it, once a second, a hello."""
        for datagram in self._stream.packet(number, packet):
            self._put(datagram)

    def close(self) -> None:
        """Send goodbyes and close the socket."""
        for count in range(GOODBYES):
            time.sleep(GOODBYE_SECONDS if count else 0)
            self._put(self._stream.goodbye())
        if self._socket:
            self._socket.close()

    def _put(self, datagram: Datagram) -> None:
        try:
            # Connected, so that the system reports when nobody listens at the port.
            self._socket = self._socket or _connected(*self._addresses[0])
            self._socket.send(datagram.pack())
        except OSError as error:
            if error.errno not in TRANSIENT:
                raise from_os_error(error, "the network") from error
            self.unsent += 1
            self.last_error = error
            self._next_address()

    def _next_address(self) -> None:
        """Go on with the host's next address; a socket is kept where there is only one, as the port identifies us."""
        if len(self._addresses) > 1:
            self._addresses.append(self._addresses.pop(0))
            if self._socket:
                self._socket.close()
                self._socket = None


def _connected(family: socket.AddressFamily, address: tuple) -> socket.socket:  # type: ignore[type-arg]
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


class UdpReceiver:
    """Receives the stream of one sender at a time; all other datagrams are ignored.

    Parameters
    ----------
    host, port : str, int
        Address to receive at; an empty host is all addresses of this machine, IPv6 and IPv4.
    make_player : callable
        Makes a player for the decoder of a new stream.

    Attributes
    ----------
    player : Player or None
        Player of the last stream.
    active : bool
        Whether a stream is being received.
    bytes : int
        Number of bytes in the datagrams of this stream.
    """

    def __init__(self, host: str, port: int, make_player: Callable[[StreamDecoder], Player]) -> None:
        self.player: Player | None = None
        self.active = False
        self.bytes = 0
        self._make_player = make_player
        self._sender: tuple[object, int] | None = None
        self._last = self._ended = 0.0
        self._unwrap = SequenceCounter()
        try:
            self._sockets = _bound(host, port)
        except OSError as error:
            raise from_os_error(error, f"{host}:{port}" if host else f"port {port}") from error

    @property
    def port(self) -> int:
        """Port to which it is bound."""
        return self._sockets[0].getsockname()[1]

    def step(self, seconds: float) -> None:
        """Wait up to `seconds` for a datagram, receive those that are there, and play the packets that are due."""
        ready = select.select(self._sockets, [], [], seconds)[0]
        for sock in ready:
            self._receive(sock)
        if self.player and self.active:
            self.player.step()
            if self._ended and (self.player.jitter_buffer.done or time.monotonic() - self._ended > LATE_SECONDS):
                self.finish()

    def finish(self) -> None:
        """End the stream: play what is still due."""
        if self.player and self.active:
            self.player.finish()
        self.active = False

    def close(self) -> None:
        """Close the sockets."""
        for sock in self._sockets:
            sock.close()

    def _receive(self, sock: socket.socket) -> None:
        for _ in range(MAX_DATAGRAMS_PER_STEP):
            try:
                data, address = sock.recvfrom(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            except OSError as error:
                # Also what Windows reports here: that a datagram of ours reached nobody, or that one is too long.
                if error.errno not in TRANSIENT and not isinstance(error, ConnectionError):
                    raise from_os_error(error, "the network") from error
                return
            self._process(data, address)

    def _process(self, data: bytes, address: object) -> None:
        datagram = Datagram.unpack(data)
        if datagram is None:
            return
        sender = (address, datagram.session)
        if sender != self._sender:
            free = not self.active or time.monotonic() - self._last > SILENT_SECONDS
            if not free or datagram.kind is not Kind.HELLO or not self._begin(datagram.body):
                return
            self._sender = sender
        self._last = time.monotonic()
        self.bytes += len(data)
        number = self._unwrap(datagram.number)
        if not self.player:
            return
        self.player.put(number, *datagram.packets())
        if datagram.kind is Kind.GOODBYE:
            self.player.jitter_buffer.end = number
            self._ended = self._ended or self._last

    def _begin(self, header: bytes) -> bool:
        try:
            decoder = StreamDecoder(header)
        except SottoError:
            return False
        self.player = self._make_player(decoder)
        self.active = True
        self._ended = 0.0
        self.bytes = 0
        self._unwrap = SequenceCounter()
        return True


def _bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets for all addresses of a host at one port; of those that this machine lacks one may be missing."""
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, address in sorted(_resolve(host, port, passive=True), key=lambda one: one[0] != socket.AF_INET6):
        sock = None
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address[0], port or (sockets[0].getsockname()[1] if sockets else 0), *address[2:]))
            sock.setblocking(False)
            sockets.append(sock)
        except OSError as error:
            if sock:
                sock.close()
            if error.errno == errno.EADDRINUSE:
                failure = error
                break
            failure = failure or error
    if failure and (not sockets or failure.errno == errno.EADDRINUSE):
        for sock in sockets:
            sock.close()
        raise failure
    return sockets
