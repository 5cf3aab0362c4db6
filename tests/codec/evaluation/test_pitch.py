import numpy as np
import pytest
from helpers.packages import need

from sottovoce.codec.evaluation.pitch import pitch, semitones, voicing

need("pyworld")


def voice(hertz: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(int(seconds * 16000)) / 16000
    return (0.1 * sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 12))).astype(np.float32)


def test_semitones_between_two_tones():
    low, high = pitch(voice(200)), pitch(voice(200 * 2 ** (3 / 12)))
    assert abs(semitones(low, high) - 3) < 0.05
    assert semitones(low, low) == 0


def test_by_its_definition():
    true, got = np.array([0.0] * 5 + [100.0] * 15), np.array([0.0] * 3 + [100.0] * 12 + [200.0] * 5)
    assert semitones(true, got) == pytest.approx(np.sqrt(5 / 15) * 12)
    assert voicing(true, got) == pytest.approx(10)


def test_too_few_voiced_frames_say_nothing():
    assert semitones(np.full(9, 100.0), np.full(9, 100.0)) is None
    assert voicing(np.zeros(9), np.full(9, 100.0)) == 100


def test_a_second_has_a_hundred_frames(talk):
    assert len(pitch(talk)) == len(talk) // 160


def test_no_frames():
    nothing = pitch(voice(200)[:100])
    assert semitones(nothing, nothing) is None
    assert voicing(nothing, nothing) is None
