"""Contrast: exact, streamable, and larger changes from frame to frame."""

import numpy as np
import pytest

from sottovoce.models.features import BANDS
from sottovoce.models.runtime.contrast import CONTRAST_BITS, Contrast

QUARTER = 2**CONTRAST_BITS // 4


def mel(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-(2**25), 2**25, (frames, BANDS)).astype(np.float64)


def run(contrast: int, pieces: list[np.ndarray]) -> list[np.ndarray]:
    stage = Contrast(contrast)
    return [*map(stage.push, pieces), stage.finish()]


@pytest.mark.parametrize("frames", [1, 2, 3, 20])
@pytest.mark.parametrize("contrast", [1, QUARTER, 4 * QUARTER])
def test_it_is_what_integers_say(frames: int, contrast: int):
    x = mel(frames)
    padded = np.pad(x, ((2, 2), (0, 0)), "edge").astype(np.int64).astype(object)
    expected = [
        padded[i + 2] + contrast * (5 * padded[i + 2] - padded[i : i + 5].sum(0)) // (5 << CONTRAST_BITS)
        for i in range(frames)
    ]
    assert np.array_equal(np.concatenate(run(contrast, [x])), np.array(expected, np.float64))


def test_any_chunking_gives_the_same_frames():
    x = mel(30)
    whole = np.concatenate(run(QUARTER, [x]))
    for seed in range(10):
        cuts = np.sort(np.random.default_rng(seed).integers(0, 31, 8))
        assert np.array_equal(np.concatenate(run(QUARTER, np.split(x, cuts))), whole)


def test_it_is_two_frames_late():
    assert [len(out) for out in run(QUARTER, np.split(mel(6), 6))] == [0, 0, 1, 1, 1, 1, 2]


def test_without_any_frames_come_as_they_are_at_once():
    x = mel(6)
    first, second, rest = run(0, [x[:1], x[1:]])
    assert np.array_equal(first, x[:1]) and np.array_equal(second, x[1:]) and not len(rest)


def test_changes_grow_and_what_lasts_stays():
    x = np.repeat([[100.0], [200.0]], 10, 0) * np.ones(BANDS)
    sharp = np.concatenate(run(QUARTER, [x]))[:, 0]
    assert sharp[[0, 7, 12, 19]].tolist() == [100, 100, 200, 200]
    assert sharp[9] == 90 and sharp[10] == 210


@pytest.mark.parametrize("contrast", [0, QUARTER])
def test_nothing_in_gives_nothing(contrast: int):
    assert [out.shape for out in run(contrast, [mel(0)])] == [(0, BANDS)] * 2
