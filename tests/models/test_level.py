"""Active level: pauses do not count, gain does, decibel by decibel."""

import numpy as np
import pytest

from sottovoce.models.level import SILENCE_DB, TARGET_DB, active_level, gain_to_target

NOISE = 0.1 * np.random.default_rng(0).standard_normal(32000)


def test_noise_has_its_rms():
    assert active_level(NOISE) == pytest.approx(-20, abs=0.3)


def test_pauses_do_not_count():
    talk = np.concatenate((np.zeros(48000), NOISE, np.zeros(48000)))
    assert active_level(talk) == pytest.approx(active_level(NOISE), abs=0.7)  # the hangover takes 0.2 s of pause


@pytest.mark.parametrize("gain", [1e-3, 0.1, 5.0])
def test_gain_moves_it_and_the_target_is_hit(gain: float):
    level = active_level(gain * NOISE)
    assert level == pytest.approx(active_level(NOISE) + 20 * np.log10(gain), abs=1e-6)
    assert active_level(gain * NOISE * gain_to_target(level)) == pytest.approx(TARGET_DB, abs=1e-6)


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros(5), np.full(800, 1e-7)])
def test_silence(wave: np.ndarray):
    assert active_level(wave) == SILENCE_DB
    assert gain_to_target(active_level(wave)) == 1.0
