"""A simulated link: packets are lost in bursts, arrive late and out of order, and no faster than the link's rate."""

import heapq
from dataclasses import dataclass

import numpy as np

from sottovoce.codec.offline.damage import BurstLoss

QUEUE_SECONDS = 2.0
"""Longest time that a packet waits for the link before it is dropped, seconds."""


@dataclass(frozen=True)
class LinkSettings:
    """Properties of a link.

    Parameters
    ----------
    loss : float
        Fraction of packets that is lost.
    burst : float
        Average number of packets lost in a row.
    delay, jitter : float
        Seconds that every packet takes, and the largest random addition.
    rate : float or None
        Capacity, bit/s; None for no limit.
    """

    loss: float = 0.0
    burst: float = 1.0
    delay: float = 0.0
    jitter: float = 0.0
    rate: float | None = None


class Link:
    """Delays and drops numbered packets.

    Parameters
    ----------
    settings : LinkSettings
    seed : int
        Random seed.
    """

    def __init__(self, settings: LinkSettings, seed: int = 0) -> None:
        self._settings = settings
        self._lost = BurstLoss(settings.loss, settings.burst, seed)
        self._random = np.random.default_rng([seed, 1])
        self._free = 0.0  # time at which the link has sent all packets so far
        self._in_flight: list[tuple[float, int, bytes]] = []

    def send(self, number: int, packet: bytes, now: float) -> None:
        """Send a packet at a time (s)."""
        begin = max(now, self._free)
        if self._lost() or begin - now > QUEUE_SECONDS:
            return
        self._free = begin + (8 * len(packet) / self._settings.rate if self._settings.rate else 0.0)
        late = self._settings.delay + self._random.random() * self._settings.jitter
        heapq.heappush(self._in_flight, (self._free + late, number, packet))

    def receive(self, now: float) -> list[tuple[int, bytes]]:
        """Return the packets that have arrived by a time (s), in the order of their arrival."""
        there = []
        while self._in_flight and self._in_flight[0][0] <= now:
            _, number, packet = heapq.heappop(self._in_flight)
            there.append((number, packet))
        return there
