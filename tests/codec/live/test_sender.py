import numpy as np
import pytest

from sottovoce.codec.live.sender import Sender
from sottovoce.codec.live.sound_card import AudioBlock


class Encoder:
    samples = 0

    def push(self, wave):
        before, self.samples = self.samples, self.samples + len(wave)
        return [b"abc"] * (self.samples // 640 - before // 640)

    def finish(self):
        return [b"end"]


def test_packets_are_numbered_counted_and_timed():
    sent = []
    sender = Sender(Encoder(), 16000, lambda number, packet: sent.append((number, packet)))
    for index in range(5):
        sender.push(AudioBlock(np.full(500, 0.1 * index, np.float32), 10 + index * 500 / 16000))
    sender.finish()
    assert sent == [(0, b"abc"), (1, b"abc"), (2, b"abc"), (3, b"end")]
    assert (sender.packets, sender.bytes, sender.seconds) == (4, 12, 2500 / 16000)
    assert sender.peak == pytest.approx(0.4) and sender.encode_seconds > 0
    assert sender.time_of(1000) == pytest.approx(10 + 1000 / 16000)
