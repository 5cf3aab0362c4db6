import numpy as np
import pytest

from sottovoce.models.runtime.stretch import TimeStretch


def ramp(frames: int) -> np.ndarray:
    return np.stack([np.arange(frames) * 1000.0, np.arange(frames) * -7.0], 1)


def stretched(speed: float, frames: np.ndarray, cuts=()) -> np.ndarray:
    stretch = TimeStretch(speed, frames.shape[1])
    return np.concatenate([*(stretch.push(piece) for piece in np.split(frames, cuts)), stretch.finish()])


@pytest.mark.parametrize("speed", [0.5, 0.77, 1.0, 1.3, 2.0])
def test_a_line_stays_a_line(speed):
    out = stretched(speed, ramp(100))
    assert len(out) == -(-100 * 1024 // round(speed * 1024))
    before = np.minimum(np.arange(len(out)) * round(speed * 1024) / 1024, 99)
    np.testing.assert_allclose(out[:, 0], before * 1000, atol=0.51)
    assert (out == np.floor(out)).all()


@pytest.mark.parametrize("speed", [0.5, 0.93, 1.0, 1.71, 2.0])
def test_however_it_is_cut(speed):
    frames = np.random.default_rng(0).integers(-9999, 9999, (60, 3)).astype(float)
    cuts = np.sort(np.random.default_rng(1).integers(0, 60, 25))
    np.testing.assert_array_equal(stretched(speed, frames, cuts), stretched(speed, frames))


def test_speed_one_changes_nothing_and_waits_for_nothing():
    stretch = TimeStretch(1.0, 2)
    np.testing.assert_array_equal(stretch.push(ramp(5)), ramp(5))
    assert len(stretch.finish()) == 0


@pytest.mark.parametrize("speed", [0.49, 2.01, 0.0, -1.0, float("nan"), float("inf")])
def test_other_speeds_are_refused(speed):
    with pytest.raises(ValueError, match="speed"):
        TimeStretch(speed, 2)
