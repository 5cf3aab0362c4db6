"""Messages of the toy: encoded, split, lost, joined, damaged."""

import random

import numpy as np
import pytest
from helpers import coded_toy
from helpers.mutations import mutated
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError, info, models
from sottovoce.codec.bits.message import packets_of
from sottovoce.codec.offline import message_encoder


@pytest.fixture(autouse=True)
def coded(toy, monkeypatch):
    coded_toy.in_messages(monkeypatch)


WAVE = speech(3.0, level=0.3)


def test_a_message_sounds_like_a_file():
    codec = Codec.load()
    (message,) = codec.encode_message(WAVE, 16000, speaker_codes=3)
    file = codec.encode(WAVE, 16000)
    assert len(message) < len(file) - 20
    decoded = codec.decode(message)
    assert decoded.shape == (48000,) and np.abs(decoded).max() > 0.05


@pytest.mark.parametrize("preset", ["low", "default", "max"])
@pytest.mark.parametrize("dtx", [False, True])
def test_any_order_of_packets_gives_the_codes_of_the_whole(preset, dtx):
    codec = Codec.load(preset=preset)
    (whole,) = codec.encode_message(WAVE, 16000, dtx=dtx)
    packets = codec.encode_message(WAVE, 16000, mtu=70, dtx=dtx)
    assert len(packets) > 1 and max(map(len, packets)) <= 70
    random.Random(1).shuffle(packets)
    found = info(codec.join([*packets, packets[0]]))
    assert found.packets == len(packets) and not found.problems() and found.seconds == 3.0
    if not dtx:  # a held step has other codes than the one before, where that isn't held
        assert np.array_equal(codec.decode(codec.join(packets)), codec.decode(whole))


def test_packets_that_are_lost_are_concealed():
    codec = Codec.load()
    packets = codec.encode_message(WAVE, 16000, mtu=30)
    assert len(packets) > 4
    data = codec.join([packets[3], packets[1]])
    found = info(data)
    assert found.seconds == 3.0 and found.packets == 2 and found.damaged >= 3 and not found.trailing
    starts = [start for start, _ in found.concealed]
    assert starts[0] == 0.0 and len(starts) == 3 and found.concealed[-1][1] == 3.0
    assert "the end is damaged or missing" in found.problems()
    assert codec.decode(data).shape == (48000,)


def test_a_packet_alone():
    codec = Codec.load()
    packets = codec.encode_message(WAVE, 16000, mtu=60)
    lengths = [len(codec.decode(packet)) for packet in packets]
    assert sum(lengths) == 48000 and min(lengths) > 0
    assert info(packets[1]).packets == 1 and not info(packets[1]).problems()


def test_a_file_of_packets_that_is_cut_off_or_damaged():
    codec = Codec.load()
    packets = codec.encode_message(WAVE, 16000, mtu=60)
    data = bytearray(codec.join(packets))
    data[5] ^= 1  # in the first packet
    found = info(bytes(data))
    assert found.packets == len(packets) - 1 and found.concealed[0][0] == 0.0 and found.seconds == 3.0
    assert info(bytes(data[:-1])).packets == len(packets) - 2


def test_packets_of_two_messages():
    codec = Codec.load()
    one = codec.encode_message(WAVE, 16000, mtu=60)
    other = codec.encode_message(WAVE[:40000], 16000, mtu=60)
    with pytest.raises(SottoError, match="several messages"):
        codec.join([*one, *other])
    with pytest.raises(SottoError, match="not a packet of a message"):
        codec.join([*one, codec.encode(WAVE, 16000)])


def test_another_model_is_known_for_damaged():
    other = Codec.load(model="other")
    (message,) = other.encode_message(WAVE, 16000)
    assert message[0] & 15 == 15 and other.decode(message).shape == (48000,)
    assert info(message).model == "other"  # it is available, and the message states its id
    (message,) = Codec.load().encode_message(WAVE, 16000)
    assert message[0] & 15 == 1
    changed = bytearray(message)
    changed[-1] ^= 1
    with pytest.raises(SottoError, match="damaged, or made with another model"):
        Codec.load().decode(bytes(changed))


@pytest.mark.parametrize("level", [0.3, 0.003])
def test_the_level_is_restored_within_a_decibel(level):
    codec = Codec.load()
    (message,) = codec.encode_message(speech(2, level=level), 16000)
    expected = codec.level(speech(2, level=level), 16000)
    assert abs(info(message).level - expected) <= 1.0


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_speaker_codes(count):
    codec = Codec.load()
    (message,) = codec.encode_message(WAVE, 16000, speaker_codes=count)
    (none,) = codec.encode_message(WAVE, 16000, speaker_codes=0)
    assert len(message) == len(none) + count
    assert bytes.fromhex(info(message).speaker) == codec.speaker(WAVE, 16000)[:count].ljust(8, b"\0")


def test_what_cannot_be_a_message(monkeypatch):
    codec = Codec.load()
    with pytest.raises(SottoError, match=r"61.0 s are too long for a message of 60 s"):
        codec.encode_message(np.zeros(61 * 16000, np.float32), 16000)
    with pytest.raises(SottoError, match="no samples"):
        codec.encode_message(np.zeros(0), 16000)
    with pytest.raises(SottoError, match="size of a packet is 5"):
        codec.encode_message(WAVE, 16000, mtu=5)
    with pytest.raises(SottoError, match="number of speaker codes is 4"):
        codec.encode_message(WAVE, 16000, speaker_codes=4)
    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: None)
    with pytest.raises(SottoError, match="no context model, which messages need"):
        codec.encode_message(WAVE, 16000)


def test_packets_too_small_for_a_step(monkeypatch):
    monkeypatch.setattr(message_encoder, "LEAST_MTU", 5)
    with pytest.raises(SottoError, match="too small for a step"):
        Codec.load(preset="max").encode_message(WAVE, 16000, mtu=10)


def test_truncation_and_mutations_are_errors_or_concealed():
    """Nothing else is raised, and a wrong message passes no more often than a checksum of 16 bits lets it."""
    codec = Codec.load(preset="low")
    (whole,) = codec.encode_message(WAVE, 16000)
    packed = codec.join(codec.encode_message(WAVE, 16000, mtu=40))
    right = set(packets_of(packed))
    wrong = 0
    draw = random.Random(1)
    for data in (whole, packed):
        changed = [data[:stop] for stop in range(len(data))] + [mutated(data, draw) for _ in range(2000)]
        for one in changed:
            try:
                found = info(one)
            except SottoError:
                continue
            if data is whole:
                wrong += one != whole
            elif found.packets:
                wrong += sum(1 for packet in packets_of(one) if packet not in right and accepted(packet))
    assert wrong <= 2  # 0.06 are expected


def accepted(packet: bytes) -> bool:
    try:
        return info(packet).seconds is not None
    except SottoError:
        return False
