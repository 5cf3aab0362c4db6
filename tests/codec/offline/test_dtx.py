import numpy as np
import pytest

from sottovoce.codec.offline.dtx import QUIET_DB, REFRESH_STEPS, PauseDetector
from sottovoce.models.level import TARGET_DB

STEP = 640


def noise(steps: float, level: float, seed: int = 0) -> np.ndarray:
    wave = np.random.default_rng(seed).uniform(-1, 1, round(steps * STEP)) * np.sqrt(3)
    return (wave * 10 ** (level / 20)).astype(np.float32)


def flags(wave: np.ndarray, cuts=()) -> list[int]:
    pauses = PauseDetector(STEP)
    taken = []
    for piece in np.split(wave, cuts):
        pauses.push(piece)
    pauses.finish()
    taken += pauses.take(-(-len(wave) // STEP)).tolist()
    return taken


def test_a_pause_is_told_once_and_held():
    wave = np.concatenate([noise(3, -26), noise(5, QUIET_DB - 3), noise(2, -26)])
    assert flags(wave) == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0]


def test_a_long_pause_is_told_anew():
    found = flags(np.zeros(60 * STEP, np.float32))
    assert found[:2] == [0, 1]
    assert sum(found) < 60 and "1" * (REFRESH_STEPS + 1) not in "".join(map(str, found))


def test_what_is_not_quiet_enough_is_speech():
    assert not any(flags(noise(20, QUIET_DB + 3)))
    click = noise(6, QUIET_DB - 10)
    click[4 * STEP + 300 : 4 * STEP + 460] = 0.1
    assert flags(click)[4] == 0


@pytest.mark.parametrize("seed", range(5))
def test_however_it_is_cut(seed):
    wave = np.concatenate([noise(4.3, -26, seed), noise(30, -90), noise(2.5, -30)])
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(wave), 20))
    assert flags(wave, cuts) == flags(wave)


def test_pauses_in_noise_are_pauses_too():
    """Noise 32 dB below the speech, which is above what counts as quiet at once."""
    wave = np.random.default_rng(0).normal(0, 10 ** ((TARGET_DB - 32) / 20), 16000 * 6).astype(np.float32)
    wave[48000:64000] += 0.05 * np.sin(np.arange(16000)).astype(np.float32)
    detector = PauseDetector(640)
    detector.push(wave)
    flags = detector.take(150)
    assert not flags[:25].any() and not flags[75:100].any()
    assert flags[26:75].mean() > 0.85 and flags[102:].mean() > 0.85
