"""What counts as speech: real speech at any level, but not what sounds beside it."""

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.models.activity import find_runs, speech_in
from sottovoce.models.level import active_level

RATE = 16000
SPEECH = real_speech(8)
TIME = np.arange(2 * RATE) / RATE


def tones(*hertz: float) -> np.ndarray:
    return sum(np.sin(2 * np.pi * one * TIME) for one in hertz) / len(hertz)


def noise(count: int = 2 * RATE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count)


OTHER = {
    "beep": tones(1000)[:RATE],
    "short beep": tones(1000)[: RATE // 5],
    "telephone": tones(440, 480) * (TIME % 1 < 0.6),
    "keypad": tones(697, 1209) * (TIME % 0.2 < 0.1),
    "bell": tones(800, 1310, 2120, 2950) * np.exp(-2 * (20 * TIME % 1)),
    "whistle": np.sin(2 * np.pi * (500 * TIME + 200 * TIME**2)),
    "siren": np.sin(2 * np.pi * 700 * TIME + 300 * np.sin(2 * np.pi * TIME)),
    "thump": tones(60)[:1600] * np.hanning(1600),
    "click": np.array([1.0, -1.0]),
    "noise": 0.2 * noise(),
    "hum": tones(50, 100, 150, 200, 250),
}


def seconds_of_speech(wave: np.ndarray, start: int, stop: int) -> float:
    inside = (min(run.stop, stop) - max(run.start, start) for run in find_runs(wave) if run.speech)
    return sum(max(0, samples) for samples in inside) / RATE


@pytest.mark.parametrize("level", [1.0, 0.01, 1e-5])
def test_speech_at_any_level(level):
    wave = SPEECH * np.float32(level)
    assert seconds_of_speech(wave, 0, len(wave)) > 6
    found = active_level(speech_in(wave, find_runs(wave)) / level)
    assert found == pytest.approx(active_level(wave / level), abs=0.5)


@pytest.mark.parametrize("background", [0, 1e-4, 1e-3])
@pytest.mark.parametrize("kind", OTHER)
def test_other_sound_before_soft_speech(kind, background):
    sound = 0.9 * OTHER[kind]
    start = len(sound) + RATE // 4
    wave = np.concatenate((sound, np.zeros(RATE // 2), 0.05 * SPEECH))
    wave = (wave + background * noise(len(wave), 1)).astype(np.float32)
    assert seconds_of_speech(wave, 0, start) == 0
    assert seconds_of_speech(wave, start, len(wave)) > 4


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros(1), np.zeros(RATE), np.ones(RATE), 1e-4 * noise()])
def test_no_speech(wave):
    assert not len(speech_in(wave.astype(np.float32), find_runs(wave)))
