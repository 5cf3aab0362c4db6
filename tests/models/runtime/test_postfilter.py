"""The envelope filter: exact, streamable, and doing what it is there for."""

import numpy as np
import pytest

from sottovoce.models.features import frames, hann, log_mel
from sottovoce.models.runtime import postfilter
from sottovoce.models.runtime.postfilter import FFT, LENGTH, OVERLAP, PostFilter

FRAMES = 60


@pytest.fixture
def noise() -> np.ndarray:
    return np.rint(np.random.default_rng(0).normal(0, 2**15, FRAMES * 160))


def powers(wave: np.ndarray) -> np.ndarray:
    return np.exp(log_mel(frames((wave / postfilter.SAMPLE_SCALE).astype(np.float32)))).astype(np.float64)


def run(wave: np.ndarray, target: np.ndarray, cuts: list[int]) -> np.ndarray:
    stage = PostFilter()
    pieces = zip(np.split(wave, [160 * c for c in cuts]), np.split(target, cuts), strict=True)
    return np.concatenate([*(stage.push(*piece) for piece in pieces), stage.finish()])


def test_transforms_are_inverse_up_to_the_two_windows():
    both = postfilter.forward_matrix() @ postfilter.backward_matrix()
    both *= 2.0 ** -(postfilter.FORWARD_BITS + postfilter.BACKWARD_BITS)
    # the product also folds time beyond FFT - LENGTH, which the window's length keeps out
    assert np.allclose(both, np.diag(hann(LENGTH) ** 2 / OVERLAP), atol=2e-3)


def test_any_chunking_gives_the_same_samples(noise):
    target = powers(noise * 2)
    whole = run(noise, target, [])
    assert len(whole) == len(noise)
    for seed in range(5):
        cuts = sorted(np.random.default_rng(seed).integers(0, FRAMES, 7))
        assert np.array_equal(run(noise, target, cuts), whole)


def test_powers_may_come_later_than_samples(noise):
    target = powers(noise * 2)
    stage, waves = PostFilter(), []
    for frame in range(FRAMES + 2):
        waves.append(stage.push(noise[160 * frame :][:160], target[max(0, frame - 2) : max(0, frame - 1)]))
    assert [len(wave) for wave in waves[:5]] == [0, 0, 0, 160, 160]
    assert np.array_equal(np.concatenate((*waves, stage.finish())), run(noise, target, []))


def test_it_brings_band_powers_to_what_they_should_be(noise):
    slope = np.exp(np.linspace(1, -3, 80))
    target = powers(noise).mean(0) * slope * np.linspace(0.5, 2, FRAMES)[:, None]
    inside = slice(3, -3)
    before = np.abs(np.log(powers(noise) / target))[inside].mean()
    once = run(noise, target, [])
    twice = run(once, target, [])
    after, later = (np.abs(np.log(powers(w) / target))[inside].mean() for w in (once, twice))
    assert after < before / 3
    assert later < after


def test_loudness_far_from_the_target_moves_by_the_limit_only(noise):
    silent = run(noise, np.full((FRAMES, 80), 1e-12), [])
    ratio = np.sqrt(np.mean(silent[800:-800] ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(1 / postfilter.GAIN_LIMIT, rel=0.05)
    assert not run(np.zeros_like(noise), np.ones((FRAMES, 80)), []).any()


def test_products_stay_exact_at_full_scale():
    # the largest sums of the two transforms, in Python's integers
    loud = np.full(LENGTH, 2**23)
    column = np.abs(postfilter.forward_matrix()[:, 0]).astype(np.int64)
    assert sum(int(a) * int(b) for a, b in zip(loud, column, strict=True)) < 2**53
    worst = np.abs(postfilter.backward_matrix()).sum(0).max() * postfilter.SPECTRUM_LIMIT
    assert worst < 2**53
    assert postfilter.band_weights().sum(0).max() * 2 ** (2 * postfilter.SPECTRUM_BITS + 1) < 2**53
    assert FFT >= LENGTH


def test_nothing_in_gives_nothing():
    assert len(PostFilter().finish()) == 0
