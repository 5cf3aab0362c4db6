"""Lost packets and generations."""

import ctypes.util

import numpy as np
import pytest

from sottovoce.codec.evaluation import peers
from sottovoce.codec.evaluation.peers import opus_loss
from sottovoce.codec.evaluation.transmission import Transmission

RATE = 16000


class Counter:
    """A codec that adds a little in each generation."""

    name, title, family, bit_rate, identity = "counter", "counter", "fake", 1.0, "1"

    def encode(self, wave):
        return np.asarray(wave, "<f4").tobytes()

    def decode(self, data):
        return np.frombuffer(data, "<f4") + np.float32(0.25)

    def commands(self):
        return None


def test_generations():
    counter, wave = Counter(), np.zeros(4, np.float32)
    for generations in (1, 2, 3):
        decoded = Transmission(generations=generations).decode(counter, counter.encode(wave), 4, 0)
        assert decoded.tolist() == [0.25 * generations] * 4


def test_the_same_intervals_are_lost_for_every_codec():
    lossy = Transmission(loss=0.2, burst=3)
    lost = lossy.lost(60 * RATE, seed=7)
    assert len(lost) == 1500
    assert 0.1 < lost.mean() < 0.3
    ends = np.flatnonzero(lost[:-1] & ~lost[1:]).size
    assert 2 < lost.sum() / ends < 4.5  # in a row
    np.testing.assert_array_equal(lossy.lost(60 * RATE, seed=7), lost)
    assert not np.array_equal(lossy.lost(60 * RATE, seed=8), lost)
    assert not lossy.carries(Counter())
    assert Transmission(generations=2).carries(Counter())
    assert Transmission().identity == ""


def installed(name):
    try:
        return peers.peer(name)
    except peers.MissingProgram as error:
        pytest.skip(f"needs {error}")


@pytest.mark.parametrize("name", ["codec2:3200", "codec2:1300", "codec2:450", "opus:12"])
def test_without_loss_nothing_changes(name, talk):
    codec = installed(name)
    if name.startswith("opus") and ctypes.util.find_library("opus") is None:
        pytest.skip("needs apt install libopus0")
    data = codec.encode(talk)
    decoded = codec.decode_lossy(data, np.zeros(len(talk) // 640 + 1, bool))
    expected = codec.decode(data)
    count = min(len(decoded), len(expected))
    assert abs(len(decoded) - len(expected)) < 640
    error = decoded[:count] - expected[:count]
    assert np.sqrt(np.mean(error**2)) < 0.05 * np.sqrt(np.mean(expected**2))


@pytest.mark.parametrize("name", ["codec2:3200", "opus:12"])
def test_lost_packets_change_what_they_carry(name, talk):
    codec = installed(name)
    if name.startswith("opus") and ctypes.util.find_library("opus") is None:
        pytest.skip("needs apt install libopus0")
    lost = np.zeros(len(talk) // 640 + 1, bool)
    lost[30:33] = True  # 1.2 s to 1.32 s
    data = codec.encode(talk)
    whole, received = (codec.decode_lossy(data, which) for which in (np.zeros_like(lost), lost))
    assert len(whole) == len(received)
    changed = np.flatnonzero(np.abs(whole - received) > 1e-4)
    assert 1.1 * RATE < changed[0] < 1.35 * RATE


def test_packets_of_an_ogg_file(talk):
    codec = installed("opus:12")
    data = codec.encode(talk)
    head, tags, *sound = opus_loss.packets(data)
    assert (head[:8], tags[:8]) == (b"OpusHead", b"OpusTags")
    assert len(sound) == pytest.approx(len(talk) / 320, abs=3)


def test_lost_steps_of_this_codec_are_concealed(toy, talk):
    peers.peer.cache_clear()
    codec = peers.peer("sotto:low")
    data = codec.encode(talk)
    lost = np.zeros(len(talk) // 640 + 1, bool)
    np.testing.assert_array_equal(codec.decode_lossy(data, lost), codec.decode(data))
    lost[30:33] = True  # 1.2 s to 1.32 s
    received = codec.decode_lossy(data, lost)
    assert len(received) == len(talk)
    assert not np.array_equal(received, codec.decode(data))
    peers.peer.cache_clear()
