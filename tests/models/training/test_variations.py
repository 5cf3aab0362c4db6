import numpy as np

from sottovoce.models.training.variations import FASTEST, LEVEL_DB, SLOWEST, augmented

RATE, STEP = 16000, 640


def tone(hertz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz / RATE * np.arange(2 * RATE)).astype(np.float32)


def test_pitch_and_length_change_together():
    random = np.random.default_rng(3)
    found = []
    for _ in range(50):
        other = augmented(tone(440), STEP, random)
        assert other.dtype == np.float32
        pitch = np.fft.rfft(other[:RATE] * np.hanning(RATE)).__abs__().argmax()  # bins of 1 Hz
        speed = pitch / 440
        assert -STEP - 100 <= len(other) - 2 * RATE / speed <= 100
        found.append(speed)
    assert SLOWEST - 0.01 < min(found) < 0.93 and 1.07 < max(found) < FASTEST + 0.01


def test_levels_spread_a_little():
    random = np.random.default_rng(5)
    levels = [20 * np.log10(augmented(tone(300), STEP, random).std() / tone(300).std()) for _ in range(200)]
    assert abs(np.std(levels) - LEVEL_DB) < 0.2 and abs(np.mean(levels)) < 0.3


def test_the_shortest_leave_something():
    random = np.random.default_rng(7)
    for samples in (1, 2, 100, STEP, 2 * STEP):
        assert all(len(augmented(tone(300)[:samples], STEP, random)) for _ in range(20))
