"""Where the level of a recording changes, and where it does not."""

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.codec import Codec
from sottovoce.codec.voice.level import byte_to_level
from sottovoce.codec.voice.planner import planned
from sottovoce.models.level import active_level

MODEL = Codec.load().model
SPEECH = real_speech(16) * np.float32(0.5)
LEVEL = active_level(SPEECH)
RATE = 16000


def quieter(decibels: float) -> np.ndarray:
    return SPEECH * np.float32(10 ** (-decibels / 20))


def noise(seconds: int, level: float) -> np.ndarray:
    wave = np.random.default_rng(0).normal(0, 10 ** (level / 20), seconds * RATE)
    return wave.astype(np.float32)


def plan(*parts: np.ndarray, block: int = 7001) -> list[tuple[float, float]]:
    """Return start (seconds) and level of each voice; the recording must come out as it went in."""
    wave = np.concatenate(parts).astype(np.float32)
    found: list[tuple[float, float]] = []
    pieces, at = [], 0
    for voice, piece in planned([wave[i : i + block] for i in range(0, len(wave), block)], MODEL):
        if not found or found[-1][1] != byte_to_level(voice.level):
            assert at % MODEL.step == 0
            found.append((at / RATE, byte_to_level(voice.level)))
        pieces.append(piece)
        at += len(piece)
    assert np.array_equal(np.concatenate(pieces), wave)
    return found


def test_speech_of_one_level_has_one():
    ((_, level),) = plan(SPEECH)
    assert level == pytest.approx(LEVEL, abs=1)


@pytest.mark.parametrize("decibels", [20, 30])
@pytest.mark.parametrize("repeats", [1, 5])  # within the first minute, and after it
def test_a_far_talker_and_a_near_one(decibels, repeats):
    far, near = [quieter(decibels)] * repeats, [SPEECH] * repeats
    for first, second, sign in ((far, near, 1), (near, far, -1)):
        (_, before), (start, after) = plan(*first, *second)
        assert after - before == pytest.approx(sign * decibels, abs=1)
        assert start == pytest.approx(16 * repeats, abs=0.7)


@pytest.mark.parametrize("level", [-78, -60, -50])
def test_noise_before_speech(level):
    assert plan(noise(62, level), SPEECH)[-1][1] == pytest.approx(LEVEL, abs=3)
    levels = plan(noise(75, level), SPEECH)
    assert levels[-1][1] == pytest.approx(LEVEL, abs=3) and levels[-1][0] < 75


def test_a_short_soft_sound_changes_nothing():
    assert len(plan(SPEECH, noise(1, -90), quieter(35)[: RATE // 2], noise(1, -90), SPEECH)) == 1


def test_the_size_of_blocks_changes_nothing():
    parts = quieter(30), SPEECH, noise(70, -60), quieter(20)
    assert plan(*parts, block=160) == plan(*parts, block=100000)


def test_the_voice_stays_where_it_must():
    wave = np.concatenate((quieter(30), SPEECH)).astype(np.float32)
    assert len({voice for voice, _ in planned([wave], MODEL, constant=True)}) == 2
