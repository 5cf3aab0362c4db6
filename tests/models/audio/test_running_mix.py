"""Channels of a recording that goes on: those with speech count."""

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.models.audio.channels import mono
from sottovoce.models.audio.running_mix import RunningMix

RATE = 16000
SPEECH = 0.5 * real_speech(4)
HUM = (0.3 * np.sin(2 * np.pi * 50 * np.arange(len(SPEECH)) / RATE)).astype(np.float32)
SETTLED = slice(RATE, None)


def mixed(*channels: np.ndarray, block: int = 320) -> tuple[np.ndarray, list[str]]:
    wave = np.stack(channels, 1).astype(np.float32)
    mix = RunningMix(RATE, len(channels))
    return np.concatenate([mix(wave[i : i + block]) for i in range(0, len(wave), block)]), mix.warnings


def test_ordinary_channels_are_averaged():
    wave, warnings = mixed(SPEECH, 0.5 * SPEECH)
    assert np.array_equal(wave, mono(np.stack((SPEECH, 0.5 * SPEECH), 1))) and not warnings


@pytest.mark.parametrize("other", [-SPEECH, HUM, np.zeros_like(SPEECH)], ids=["inverse", "hum", "dead"])
def test_a_bad_channel_does_not_count(other):
    wave, warnings = mixed(SPEECH, other)
    assert np.corrcoef(wave[SETTLED], SPEECH[SETTLED])[0, 1] > 0.999
    assert np.std(wave[SETTLED]) == pytest.approx(np.std(SPEECH[SETTLED]), rel=0.01)
    assert len(warnings) == 1 and warnings[0].startswith("channel 2 is")


def test_an_offset_is_removed():
    wave, warnings = mixed(0.02 * SPEECH + np.float32(0.2))
    assert abs(wave[SETTLED].mean()) < 1e-3 and "offset" in warnings[0]


def test_a_long_stream_is_mixed_in_constant_memory():
    mix = RunningMix(1000, 2)
    for _ in range(200):
        mix(np.zeros((1000, 2), np.float32))
    assert mix._statistics.frames <= 31 * 1000
