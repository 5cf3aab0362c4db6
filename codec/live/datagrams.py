"""Datagrams of a stream over UDP: hellos with its header, its packets, and a goodbye. docs/FORMAT.md describes them.

For lossy links a datagram repeats the packets before its own, as Perkins et al., "RTP Payload for Redundant Audio
Data", RFC 2198, 1997, do for RTP.
"""

import io
import secrets
import struct
from collections import deque
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from sottovoce.codec.bits import varint
from sottovoce.codec.bits.source import Source

MAX_DATAGRAM_BYTES = 2048
"""Largest size of a datagram, bytes."""

MAX_REDUNDANCY = 8
"""Largest number of earlier packets that a datagram repeats."""

HELLO_SECONDS = 1.0
"""Seconds between hellos: a receiver that joins later waits for the next one."""

FIRST_HELLOS = 3
"""Number of first packets that each have a hello before them: a lost one would otherwise cost the first second."""

_LAYOUT = struct.Struct("<BBH")
_NUMBERS = 1 << 16


class Kind(IntEnum):
    """Kind of a datagram."""

    HELLO = 0xB0
    PACKET = 0xB1
    GOODBYE = 0xB2
    PACKETS = 0xB3


class Datagram(NamedTuple):
    """A datagram.

    Attributes
    ----------
    kind : Kind
    session : int
        Number of the stream, 0 to 255, by which a receiver recognises a new one.
    number : int
        Number of the packet, or of the newest of several, counted from 0 and sent modulo 65536; in a hello that of the
        next packet, in a goodbye that after the last.
    body : bytes
        The stream's header in a hello, the packet in a packet; several packets, and those in a goodbye, are encoded by
        `join_packets`.
    """

    kind: Kind
    session: int
    number: int
    body: bytes = b""

    def pack(self) -> bytes:
        """Return the bytes."""
        return _LAYOUT.pack(self.kind, self.session, self.number % _NUMBERS) + self.body

    @classmethod
    def unpack(cls, data: bytes) -> "Datagram | None":
        """Return the datagram of these bytes, or None where they are none."""
        if not _LAYOUT.size <= len(data) <= MAX_DATAGRAM_BYTES or data[0] not in set(Kind):
            return None
        kind, session, number = _LAYOUT.unpack_from(data)
        return cls(Kind(kind), session, number, data[_LAYOUT.size :])

    def packets(self) -> list[bytes | None]:
        """Return the packet of this number (None in a goodbye) and those before it, newest first."""
        match self.kind:
            case Kind.PACKET:
                return [self.body]
            case Kind.PACKETS:
                return [*split_packets(self.body)]
            case Kind.GOODBYE:
                return [None, *split_packets(self.body)]
        return []


def join_packets(packets: Iterable[bytes]) -> bytes:
    """Return the body with these packets, each after its size; the last ones are left out where they don't fit."""
    body = b""
    for packet in packets:
        part = varint.encode(len(packet)) + packet
        if _LAYOUT.size + len(body) + len(part) > MAX_DATAGRAM_BYTES:
            break
        body += part
    return body


def split_packets(body: bytes) -> list[bytes]:
    """Return the packets in a body made by `join_packets`; none where it is malformed."""
    source, at = Source(io.BytesIO(body)), 0
    packets: list[bytes] = []
    while at < len(body):
        found = varint.peek(source, at)
        if found is None or sum(found) > len(body) or len(packets) > MAX_REDUNDANCY:
            return []
        size, start = found
        at = start + size
        packets.append(body[start:at])
    return packets


class Packetizer:
    """Packs the packets of a stream into datagrams.

    Parameters
    ----------
    header : bytes
        Header of the stream.
    seconds : float
        Duration of a packet.
    redundancy : int
        Number of earlier packets that each datagram repeats, 0 to `MAX_REDUNDANCY`.

    Attributes
    ----------
    session : int
        Random number of this stream, 0 to 255.
    """

    def __init__(self, header: bytes, seconds: float, redundancy: int = 0) -> None:
        self.session = secrets.randbelow(256)
        self._header = header
        self._hello_period = max(1, round(HELLO_SECONDS / seconds))
        self._redundancy = redundancy
        self._recent: deque[bytes] = deque(maxlen=redundancy)  # newest first
        self._next = 0

    def packet(self, number: int, packet: bytes) -> list[Datagram]:
        """Return the datagrams for the next packet: its own, and before it, where one is due, a hello."""
        due = number % self._hello_period == 0 or number < max(FIRST_HELLOS, self._redundancy + 1)
        hello = [Datagram(Kind.HELLO, self.session, number, self._header)] if due else []
        kind, body = (
            (Kind.PACKETS, join_packets([packet, *self._recent])) if self._redundancy else (Kind.PACKET, packet)
        )
        self._recent.appendleft(packet)
        self._next = number + 1
        return [*hello, Datagram(kind, self.session, number, body)]

    def goodbye(self) -> Datagram:
        """Return the datagram after the last packet; it repeats earlier packets as the others do."""
        return Datagram(Kind.GOODBYE, self.session, self._next, join_packets(self._recent))


class SequenceCounter:
    """Unwraps numbers modulo 65536: each stands for the number nearest to the largest so far."""

    def __init__(self) -> None:
        self._largest: int | None = None

    def __call__(self, number: int) -> int:
        """Return the unwrapped number."""
        if self._largest is None:
            self._largest = number + _NUMBERS  # so that earlier ones aren't negative
            return self._largest
        near = self._largest + (number - self._largest + _NUMBERS // 2) % _NUMBERS - _NUMBERS // 2
        self._largest = max(self._largest, near)
        return near
