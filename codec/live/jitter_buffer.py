"""The order in which packets are played: they arrive late, twice, out of order or not at all."""

from collections import deque
from enum import Enum

MOST_HELD = 250
"""Packets that wait, at most."""

MOST_INVENTED = 50
"""Packets that are made up in a row where nothing arrives, at most; then there is silence."""

MOST_STRANGE = 25
"""Packets in a row whose numbers are far from those that are due, until they are believed."""


class Gap(Enum):
    """Why there is no packet."""

    WAIT = "it may still come"
    CONCEAL = "it has to be made up"


class JitterBuffer:
    """Packets by their numbers, played in order.

    Where the next one is missing when it is due and later ones are there, it is lost. Where nothing is there, it may be
    late: what is made up then comes before it, so everything is played later from there on. If it was lost after all,
    what was made up stands in its place.

    Attributes
    ----------
    lost, late : int
        Packets that weren't there when their place was played, and those of them that came after that.
    recovered : int
        Packets that a later datagram brought before their own came, and in time to be played.
    shift : int
        Packets that were made up and have come after all: by so many all is played later.
    end : int or None
        Number after the last packet, once it is known.
    """

    def __init__(self) -> None:
        self.lost = self.late = self.recovered = self.shift = 0
        self.end: int | None = None
        self._next: int | None = None
        self._held: dict[int, bytes] = {}
        self._lost: deque[int] = deque(maxlen=MOST_HELD)  # the latest of them, while they may still come
        self._ahead = 0  # made up in a row for packets that may be late
        self._strange = 0  # in a row whose numbers can't be right

    @property
    def held(self) -> int:
        """How many packets wait."""
        return len(self._held)

    @property
    def done(self) -> bool:
        """Whether all has been played."""
        return self._next is not None and self._next == self.end

    def put(self, number: int, *packets: bytes | None) -> None:
        """Take what a datagram brought: the packet of its number, None where it has none, and those before it."""
        if self._next is None:
            self._next = number - len(packets) + 1
        if self._next <= number < self._next + MOST_HELD:
            self._strange = 0
        else:
            self._strange += 1
            if self._strange == MOST_STRANGE:  # either side has jumped: go on where the sender is
                self._held.clear()
                self._lost.clear()
                self._next = number
                self._strange = 0
        for back, packet in enumerate(packets):
            if packet is not None:
                self._hold(number - back, packet, copy=back > 0)

    def _hold(self, number: int, packet: bytes, *, copy: bool) -> None:
        assert self._next is not None
        if number in self._lost:
            self._lost.remove(number)
            self.late += 1
        elif self._next <= number < self._next + MOST_HELD and number not in self._held:
            self._held[number] = packet
            self.recovered += copy

    def take(self, *, due: bool) -> bytes | Gap:
        """Return the next packet or, where it isn't there, what to do.

        Parameters
        ----------
        due : bool
            Whether there is nothing else left to play.
        """
        if self._next is None:
            return Gap.WAIT
        while self._ahead and self._passed:
            self._ahead -= 1  # it was lost, and has been made up already
            self.shift -= 1
            self._lose(self._next)
        if self._next in self._held:
            packet = self._held.pop(self._next)
            self._ahead = 0
            self._next += 1
            return packet
        if not due or self.done or self._ahead == MOST_INVENTED:
            return Gap.WAIT
        if self._passed:
            self._lose(self._next)
        else:
            self._ahead += 1
            self.shift += 1
        return Gap.CONCEAL

    @property
    def _passed(self) -> bool:
        """Whether the next packet isn't there, but something that comes after it."""
        ended = self.end is not None and self._next is not None and self._next < self.end
        return self._next not in self._held and (bool(self._held) or ended)

    def _lose(self, number: int) -> None:
        self.lost += 1
        self._lost.append(number)
        self._next = number + 1
