import numpy as np
import pytest
from helpers.sounds import speech

from sottovoce.codec.voice.level import byte_to_level, measure_level_byte, normalising_gain, restore_level


def test_byte_is_half_decibels():
    assert byte_to_level(0) == -127.5
    assert byte_to_level(255) == 0
    quiet, loud = (byte_to_level(measure_level_byte(speech(5, level=level))) for level in (0.01, 0.1))
    assert loud - quiet == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("wave", [np.zeros(16000), np.zeros(1), np.full(16000, 1e-7), np.full(100, 1e-30)])
def test_silence_counts_as_nominal(wave):
    assert normalising_gain(measure_level_byte(wave.astype(np.float32))) == 1


def test_loudest():
    assert measure_level_byte(np.ones(16000, np.float32)) == 255


@pytest.mark.parametrize("byte", [120, 180, 203, 230, 255])
def test_gain_is_undone(byte):
    wave = np.arange(-1000, 1000, dtype=np.int16)
    normal = np.rint(wave * float(normalising_gain(byte))).clip(-32768, 32767).astype(np.int16)
    coarse = max(1, 1 / float(normalising_gain(byte)))
    unclipped = np.abs(normal.astype(int)) < 32767
    assert np.abs(restore_level(normal, byte).astype(int) - wave)[unclipped].max() <= coarse


def test_restoring_is_limited():
    assert restore_level(np.int16([32767, -32768]), 255).tolist() == [32767, -32768]
    assert restore_level(np.int16([32767, -32768]), 0).tolist() == [0, 0]
