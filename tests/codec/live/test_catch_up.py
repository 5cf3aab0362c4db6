import numpy as np
import pytest

from sottovoce.codec.live.catch_up import CatchUp, shorten

RATE = 16000
PIECE = np.zeros(640, np.float32)


def left_out(waiting):
    """Return how much of each piece is left out where `waiting` samples wait when it comes."""
    trim = CatchUp(320, RATE)
    return [len(PIECE) - len(trim.push(PIECE, samples)) for samples in waiting]


def test_what_waits_as_it_should_stays_whole():
    assert not any(left_out([320, 480, 400] * 100))


def test_waiting_for_a_moment_is_nothing():
    assert not any(left_out(([3000] * 40 + [320]) * 5))


def test_too_much_is_made_up_for_without_haste():
    trim = CatchUp(320, RATE)
    waiting, cuts = 320 + 8000, []
    for _ in range(200):
        cuts.append(len(PIECE) - len(trim.push(PIECE, waiting)))
        waiting -= cuts[-1]
    assert not any(cuts[:50])  # it has to last for two seconds
    assert all(0 < cut <= 320 for cut in cuts[50:75])
    assert 320 <= waiting <= 320 + 160
    assert not any(cuts[125:])


def test_a_cut_fits():
    wave = np.sin(2 * np.pi * 150 * np.arange(640) / RATE).astype(np.float32)
    short = shorten(wave, 300, RATE)
    assert 340 <= len(short) <= 490
    assert short[0] == wave[0]
    assert short[-1] == wave[-1]
    assert np.abs(np.diff(short)).max() < 1.1 * np.abs(np.diff(wave)).max()
    assert np.abs(short[:80]).max() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("length", [0, 1, 79, 80, 81])
def test_pieces_too_short_to_be_cut(length):
    wave = np.zeros(length, np.float32)
    assert len(shorten(wave, 1000, RATE)) in (length, 80)
