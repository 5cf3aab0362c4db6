import numpy as np
import pytest

from sottovoce.codec.evaluation.loudness import clipping, level_error


@pytest.mark.parametrize(("gain", "decibels"), [(1, 0), (0.5, 6.0206), (2, 6.0206), (10, 20)])
def test_level_error_in_either_direction(talk, gain, decibels):
    assert level_error(talk, talk * gain) == pytest.approx(decibels, abs=1e-3)


def test_silence_has_no_level(talk):
    silence = np.zeros_like(talk)
    assert level_error(talk, silence) is level_error(silence, talk) is None


def test_samples_at_full_scale_are_clipped():
    assert clipping(np.array([0, 32766, -32767, 100], np.float32) / 32768) == 0
    assert clipping(np.array([32767, -32768, 0, 5], np.float32) / 32768) == 50
