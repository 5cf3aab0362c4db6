"""What goes over UDP: an introduction now and then, the packets, and a goodbye. docs/FORMAT.md describes it.

For lossy links a datagram brings the packets before its own once more, as Perkins et al., "RTP Payload for Redundant
Audio Data", RFC 2198, 1997, do for RTP.
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

LARGEST = 2048
"""Bytes that a datagram of ours has at most."""

MOST_COPIES = 8
"""Earlier packets that a datagram brings once more, at most."""

HELLO_SECONDS = 1.0
"""How often a sender introduces itself: so soon somebody who comes later hears it."""

_LAYOUT = struct.Struct("<BBH")
_NUMBERS = 1 << 16


class Kind(IntEnum):
    """What a datagram holds."""

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
        Of the stream, 0 to 255: by it a receiver knows that another one has begun.
    number : int
        Of the packet, or the newest of several, counted from 0 and sent modulo 65536; of a hello that of the next
        packet, of a goodbye that after the last.
    body : bytes
        A hello's is the stream's header, a packet's the packet; packets, and those before a goodbye, are `joined`.
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
        """Return what the bytes hold, or None where they are none of ours."""
        if not _LAYOUT.size <= len(data) <= LARGEST or data[0] not in set(Kind):
            return None
        kind, session, number = _LAYOUT.unpack_from(data)
        return cls(Kind(kind), session, number, data[_LAYOUT.size :])

    def packets(self) -> list[bytes | None]:
        """Return the packet of this number, None where there is none, and those before it; the newest first."""
        match self.kind:
            case Kind.PACKET:
                return [self.body]
            case Kind.PACKETS:
                return [*parted(self.body)]
            case Kind.GOODBYE:
                return [None, *parted(self.body)]
        return []


def joined(packets: Iterable[bytes]) -> bytes:
    """Return the body that holds packets, each after its size; the last ones are left out where they don't fit."""
    body = b""
    for packet in packets:
        part = varint.encode(len(packet)) + packet
        if _LAYOUT.size + len(body) + len(part) > LARGEST:
            break
        body += part
    return body


def parted(body: bytes) -> list[bytes]:
    """Return the packets that are `joined` in a body; none where it is malformed."""
    source, at = Source(io.BytesIO(body)), 0
    packets: list[bytes] = []
    while at < len(body):
        found = varint.peek(source, at)
        if found is None or sum(found) > len(body) or len(packets) > MOST_COPIES:
            return []
        size, start = found
        at = start + size
        packets.append(body[start:at])
    return packets


class Outgoing:
    """Makes the datagrams of a stream.

    Parameters
    ----------
    header : bytes
        Of the stream.
    seconds : float
        Of speech in a packet.
    redundancy : int
        How many earlier packets each datagram brings once more, 0 to `MOST_COPIES`.

    Attributes
    ----------
    session : int
        Drawn anew for each stream.
    """

    def __init__(self, header: bytes, seconds: float, redundancy: int = 0) -> None:
        self.session = secrets.randbelow(256)
        self._header = header
        self._often = max(1, round(HELLO_SECONDS / seconds))
        self._redundancy = redundancy
        self._sent: deque[bytes] = deque(maxlen=redundancy)  # the newest first
        self._next = 0

    def packet(self, number: int, packet: bytes) -> list[Datagram]:
        """Return the datagrams for the next packet: it, and before it, now and then, who speaks."""
        told = number % self._often == 0 or number <= self._redundancy
        hello = [Datagram(Kind.HELLO, self.session, number, self._header)] if told else []
        kind, body = (Kind.PACKETS, joined([packet, *self._sent])) if self._redundancy else (Kind.PACKET, packet)
        self._sent.appendleft(packet)
        self._next = number + 1
        return [*hello, Datagram(kind, self.session, number, body)]

    def goodbye(self) -> Datagram:
        """Return the datagram after the last packet, which brings the packets before it as any other does."""
        return Datagram(Kind.GOODBYE, self.session, self._next, joined(self._sent))


class SequenceCounter:
    """Makes whole numbers of those modulo 65536: each is taken for the nearest one to the largest so far."""

    def __init__(self) -> None:
        self._largest: int | None = None

    def __call__(self, number: int) -> int:
        """Return the whole number."""
        if self._largest is None:
            self._largest = number + _NUMBERS  # so that earlier ones aren't negative
            return self._largest
        near = self._largest + (number - self._largest + _NUMBERS // 2) % _NUMBERS - _NUMBERS // 2
        self._largest = max(self._largest, near)
        return near
