"""How the voice is learnt, with the model in the box."""

from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.voice.level import byte_to_level
from sottovoce.codec.voice.tracker import VoiceTracker, voice_of

MODEL = Codec.load().model
with open_sound(str(Path(__file__).parents[3] / "samples" / "slt-16k-mono.wav"), 16000) as sound:
    SPEECH = np.concatenate(list(sound))
SPEECH = SPEECH[: len(SPEECH) // 640 * 640]


def heard(tracker: VoiceTracker, wave: np.ndarray, gain: float = 1.0) -> list[float]:
    """The levels that were believed, a step at a time."""
    levels = []
    for step in (wave * np.float32(gain)).reshape(-1, 640):
        tracker.hear(step)
        levels.append(byte_to_level(tracker.voice.level))
    return levels


def noise(seconds: float, level: float) -> np.ndarray:
    wave = np.random.default_rng(0).normal(0, 10 ** (level / 20), round(seconds * 16000))
    return wave.astype(np.float32)


def test_nobody_speaks_at_first():
    tracker = VoiceTracker(MODEL)
    assert tracker.voice.speaker == MODEL.neutral_speaker and byte_to_level(tracker.voice.level) == -26
    heard(tracker, np.zeros(16000 * 12, np.float32))
    assert tracker.voice.speaker == MODEL.neutral_speaker


def test_the_voice_is_that_of_the_speech_in_the_end():
    tracker = VoiceTracker(MODEL)
    levels = heard(tracker, np.tile(SPEECH, 4))
    assert abs(tracker.voice.level - voice_of(SPEECH, MODEL).level) <= 2
    assert 2 <= len(set(levels)) <= 6


@pytest.mark.parametrize("gain", [0.03, 4.0])
def test_who_comes_nearer_or_goes_away_is_followed(gain):
    tracker = VoiceTracker(MODEL)
    heard(tracker, np.tile(SPEECH, 2))
    before = byte_to_level(tracker.voice.level)
    levels = heard(tracker, np.tile(SPEECH, 6), gain)
    assert levels[-1] - before == pytest.approx(20 * np.log10(gain), abs=3)
    if gain > 1:
        assert levels[25] > before + 4  # at once


def test_steady_noise_in_a_long_pause_is_nobody():
    tracker = VoiceTracker(MODEL)
    heard(tracker, np.tile(SPEECH, 2))
    voice = tracker.voice
    heard(tracker, noise(40, -55))
    assert tracker.voice == voice


@pytest.mark.parametrize("sound", ["beep", "thump"])
def test_a_beep_or_thump_leaves_the_level_as_it_is(sound):
    tracker = VoiceTracker(MODEL)
    heard(tracker, SPEECH, 0.1)
    level = tracker.voice.level
    time = np.arange(16000) / 16000
    beep = 0.9 * np.sin(2 * np.pi * 1000 * time)
    thump = 0.9 * np.sin(2 * np.pi * 60 * time) * (time < 0.1)
    heard(tracker, (beep if sound == "beep" else thump).astype(np.float32))
    assert abs(tracker.voice.level - level) <= 2  # the speaker may be measured again, in the speech before
