"""A bad link, simulated: packets are lost in bursts, come late, out of order, and no faster than the link's rate."""

import heapq
from dataclasses import dataclass

import numpy as np

from sottovoce.codec.offline.damage import BurstLoss

QUEUE_SECONDS = 2.0
"""What waits longer than this to get onto the link is lost."""


@dataclass(frozen=True)
class LinkSettings:
    """How bad a link is.

    Parameters
    ----------
    loss : float
        The part of all packets that is lost.
    burst : float
        Packets lost in a row, on average.
    delay, jitter : float
        Seconds that every packet takes, and that each one may take on top.
    rate : float or None
        Bits a second that go through; None for any number.
    """

    loss: float = 0.0
    burst: float = 1.0
    delay: float = 0.0
    jitter: float = 0.0
    rate: float | None = None


class Link:
    """Takes packets with their numbers and gives them back when they arrive.

    Parameters
    ----------
    settings : LinkSettings
    seed : int
        Of the random numbers.
    """

    def __init__(self, settings: LinkSettings, seed: int = 0) -> None:
        self._settings = settings
        self._loses = BurstLoss(settings.loss, settings.burst, seed)
        self._random = np.random.default_rng([seed, 1])
        self._free = 0.0  # when the link has sent what it was given
        self._under_way: list[tuple[float, int, bytes]] = []

    def send(self, number: int, packet: bytes, now: float) -> None:
        """Put a packet onto the link at a time (s)."""
        begin = max(now, self._free)
        if self._loses() or begin - now > QUEUE_SECONDS:
            return
        self._free = begin + (8 * len(packet) / self._settings.rate if self._settings.rate else 0.0)
        late = self._settings.delay + self._random.random() * self._settings.jitter
        heapq.heappush(self._under_way, (self._free + late, number, packet))

    def arrived(self, now: float) -> list[tuple[int, bytes]]:
        """Take the packets off the link that are there by a time (s), in the order in which they came."""
        there = []
        while self._under_way and self._under_way[0][0] <= now:
            _, number, packet = heapq.heappop(self._under_way)
            there.append((number, packet))
        return there
