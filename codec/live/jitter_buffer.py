"""The jitter buffer: packets arrive late, twice, out of order or not at all, and are played in order."""

from collections import deque
from enum import Enum

MAX_BUFFERED = 250
"""Largest number of packets that wait."""

MAX_CONCEALED = 50
"""Largest number of packets concealed in a row where nothing arrives; then there is silence."""

MAX_OUT_OF_RANGE = 25
"""Packets in a row with numbers far from the next one, after which the stream goes on there."""


class Gap(Enum):
    """Why there is no packet."""

    WAIT = "the packet may still arrive"
    CONCEAL = "the packet has to be concealed"


class JitterBuffer:
    """Packets by their numbers, played in order.

    A packet that is missing when it is due is lost if later ones have arrived. If none have, it may be late: the
    concealed packet is played before it, and everything after that later. If it turns out to be lost after all, the
    concealed packet has already taken its place.

    Attributes
    ----------
    lost, late : int
        Packets that were missing when they were due, and those of them that arrived later.
    recovered : int
        Packets that arrived in time, but only as a copy in a later datagram.
    shift : int
        Concealed packets that were not lost: the number of packets by which playback is later.
    end : int or None
        Number after the last packet, once it is known.
    """

    def __init__(self) -> None:
        self.lost = self.late = self.recovered = self.shift = 0
        self.end: int | None = None
        self._next: int | None = None
        self._packets: dict[int, bytes] = {}
        self._lost: deque[int] = deque(maxlen=MAX_BUFFERED)  # the latest lost packets, which may still arrive
        self._concealed = 0  # packets in a row for which nothing has arrived yet
        self._out_of_range = 0  # packets in a row with numbers far from the next one

    @property
    def buffered(self) -> int:
        """Number of packets that wait."""
        return len(self._packets)

    @property
    def done(self) -> bool:
        """Whether all packets have been played."""
        return self._next is not None and self._next == self.end

    def put(self, number: int, *packets: bytes | None) -> None:
        """Add the packets of a datagram: the one of its number or None, and those before it, newest first."""
        if self._next is None:
            self._next = number - len(packets) + 1
        if self._next <= number < self._next + MAX_BUFFERED:
            self._out_of_range = 0
        else:
            self._out_of_range += 1
            if self._out_of_range == MAX_OUT_OF_RANGE:  # the numbering has jumped: go on at the sender's
                self._packets.clear()
                self._lost.clear()
                self._next = number
                self._out_of_range = 0
        for back, packet in enumerate(packets):
            if packet is not None:
                self._add(number - back, packet, copy=back > 0)

    def _add(self, number: int, packet: bytes, *, copy: bool) -> None:
        assert self._next is not None
        if number in self._lost:
            self._lost.remove(number)
            self.late += 1
        elif self._next <= number < self._next + MAX_BUFFERED and number not in self._packets:
            self._packets[number] = packet
            self.recovered += copy

    def get(self, *, due: bool) -> bytes | Gap:
        """Return the next packet or, where it is missing, what to do.

        Parameters
        ----------
        due : bool
            Whether nearly nothing is left to play.
        """
        if self._next is None:
            return Gap.WAIT
        while self._concealed and self._passed:
            self._concealed -= 1  # it was lost, and has already been concealed
            self.shift -= 1
            self._lose(self._next)
        if self._next in self._packets:
            packet = self._packets.pop(self._next)
            self._concealed = 0
            self._next += 1
            return packet
        if not due or self.done or self._concealed == MAX_CONCEALED:
            return Gap.WAIT
        if self._passed:
            self._lose(self._next)
        else:
            self._concealed += 1
            self.shift += 1
        return Gap.CONCEAL

    @property
    def _passed(self) -> bool:
        """Whether the next packet is missing and a later one has arrived, or the end is known."""
        ended = self.end is not None and self._next is not None and self._next < self.end
        return self._next not in self._packets and (bool(self._packets) or ended)

    def _lose(self, number: int) -> None:
        self.lost += 1
        self._lost.append(number)
        self._next = number + 1
