"""What goes over UDP: an introduction now and then, the packets, and a goodbye. docs/FORMAT.md describes it."""

import struct
from enum import IntEnum
from typing import NamedTuple

LARGEST = 2048
"""Bytes that a datagram of ours has at most."""

_LAYOUT = struct.Struct("<BBH")
_NUMBERS = 1 << 16


class Kind(IntEnum):
    """What a datagram holds."""

    HELLO = 0xB0
    PACKET = 0xB1
    GOODBYE = 0xB2


class Datagram(NamedTuple):
    """A datagram.

    Attributes
    ----------
    kind : Kind
    session : int
        Of the stream, 0 to 255: by it a receiver knows that another one has begun.
    number : int
        Of the packet, counted from 0 and sent modulo 65536; of a hello and a goodbye that of the next packet.
    body : bytes
        A hello's is the stream's header, a packet's the packet; a goodbye has none.
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


class Counter:
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
