"""A player on lossy links, in simulated time."""

import random

import numpy as np
import pytest

from sottovoce.codec.live.player import Player
from sottovoce.codec.live.simulated_link import Link, LinkSettings

PACKET, RATE = 640, 16000
SECONDS = PACKET / RATE
LEAD = 0.08


class Decoder:
    """Returns the numbers of packets as samples, 1.5 packets late as the real decoder does; 0 where one is lost."""

    packet_samples, sample_rate = PACKET, RATE

    def __init__(self):
        self._samples = np.zeros(0, np.int16)
        self._skip = 3 * PACKET // 2

    def fits(self, packet):
        return True

    def push(self, packet):
        value = 0 if packet is None else int.from_bytes(packet, "big")
        self._samples = np.concatenate((self._samples, np.full(PACKET, value, np.int16)))
        ready = max(0, len(self._samples) - self._skip)
        out, self._samples = np.split(self._samples, [ready])
        return out

    def finish(self):
        return self._samples


class Loudspeaker:
    """Plays in simulated time."""

    def __init__(self):
        self.now = 0.0
        self.started = 0.0
        self.played = []
        self._until = None

    @property
    def fill(self):
        return max(0, round(((self._until or 0.0) - self.now) * RATE))

    def start(self, silence):
        self.started = self.now
        self._until = self.now + LEAD + silence / RATE

    def write(self, wave, first):
        if self._until is None:
            self.start(0)
        self._until = max(self._until, self.now) + len(wave) / RATE
        self.played.append((self.now, wave))


def play(count, lost, settings=None):
    """Play `count` packets, numbered from 1 as samples, without those for which `lost` is true."""
    output, link = Loudspeaker(), Link(settings or LinkSettings(), seed=1)
    player = Player(Decoder(), output)
    sent = 0
    for poll in range(round((count * SECONDS + 1) / 0.004)):
        output.now = poll * 0.004
        if sent < count and output.now >= sent * SECONDS:
            if not lost(sent):
                link.send(sent, (sent + 1).to_bytes(2, "big"), output.now)
            sent += 1
            if sent == count:
                player.jitter_buffer.end = count
        for number, packet in link.receive(output.now):
            player.put(number, packet)
        player.step()
    player.finish()
    return player, output


@pytest.mark.parametrize("missing", [{1}, {2}, {1, 2}, {2, 3, 4}])
def test_packets_lost_at_the_start_cost_no_more_than_themselves(missing):
    player, output = play(500, missing.__contains__)
    assert player.jitter_buffer.lost == player.concealed == len(missing)
    played = np.concatenate([wave for _, wave in output.played])
    assert set(played[played > 0]) == set(range(1, 501)) - {number + 1 for number in missing}
    first = next(when for when, wave in output.played if wave.any())
    assert first - output.started <= LEAD + 2 * SECONDS


@pytest.mark.parametrize("seed", range(20))
def test_random_losses_are_counted_and_everything_else_is_played(seed):
    draw = random.Random(seed)
    missing = {number for number in range(1, 499) if draw.random() < 0.1}
    player, output = play(500, missing.__contains__)
    assert player.jitter_buffer.lost == len(missing)
    played = np.concatenate([wave for _, wave in output.played])
    assert set(played[played > 0]) == set(range(1, 501)) - {number + 1 for number in missing}


def test_no_gap_is_longer_than_the_loss():
    settings = LinkSettings(loss=0.1, burst=3, jitter=0.05)
    player, output = play(2000, lambda number: False, settings)
    played = np.concatenate([wave for _, wave in output.played])
    present = set(played[played > 0].tolist())
    sound = np.flatnonzero(played)
    longest_gap = np.diff(sound).max() / PACKET
    runs = "".join("." if number in present else "x" for number in range(1, 2001)).split(".")
    assert 0.05 * 2000 < player.jitter_buffer.lost < 0.2 * 2000
    assert longest_gap <= max(map(len, runs)) + 1
