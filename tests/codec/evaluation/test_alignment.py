import numpy as np
import pytest

from sottovoce.codec.evaluation import alignment
from sottovoce.codec.evaluation.alignment import COARSE, align, delay


@pytest.mark.parametrize("lag", [-60, 0, 123, 1600])
def test_delay_and_level_are_taken_away(talk, lag):
    late = 0.3 * (np.pad(talk, (lag, 0)) if lag >= 0 else talk[-lag:])
    assert delay([(talk, late)]) == lag
    back = align(late, lag, talk)
    assert len(back) == len(talk)
    kept = slice(max(0, -lag), len(talk))
    np.testing.assert_allclose(back[kept], talk[kept], atol=2e-3)


def test_one_delay_for_all(talk):
    pairs = [(talk, np.pad(talk, (80, 0))), (talk, np.pad(talk, (80, 0))), (talk, np.pad(talk, (500, 0)))]
    assert delay(iter(pairs)) == 80


def test_envelopes_decide_where_no_phase_is_kept(talk):
    noise = np.random.default_rng(0).normal(0, 1, len(talk))
    hoarse = np.pad(np.abs(talk) * noise, (320, 0)).astype(np.float32)
    assert abs(delay([(talk, hoarse)]) - 320) <= 2 * COARSE


def test_silence_stays_silent(talk):
    assert not align(np.zeros(100, np.float32), 0, talk).any()
    assert delay([(talk, np.zeros(100, np.float32))]) in range(-1600, 1601)


def test_near_silence_gets_its_level(talk):
    quiet = (1e-7 * talk).astype(np.float32)
    np.testing.assert_allclose(align(quiet, 0, talk), talk, atol=1e-4)


def test_only_the_beginning_of_a_long_recording_is_looked_at(talk, monkeypatch):
    monkeypatch.setattr(alignment, "LONGEST", len(talk))
    long, decoded = np.tile(talk, 4), np.append(np.pad(talk, (80, 0))[: len(talk)], np.tile(np.roll(talk, 500), 3))
    assert delay([(long, decoded)]) == 80
