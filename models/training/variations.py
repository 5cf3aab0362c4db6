"""The same speech as others might have said it."""

import numpy as np
import soxr
from numpy.typing import NDArray

SLOWEST, FASTEST = 0.87, 1.15
LEVEL_DB = 1.0  # standard deviation of the level


def varied(wave: NDArray[np.float32], step: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Speech at another speed, with pitch and formants moved along, a little louder or softer, and cut anew into steps.

    After Ko et al., "Audio augmentation for speech recognition", Interspeech 2015, whose speeds are .9 and 1.1.

    Parameters
    ----------
    wave : float32 array (n,)
        With at least one sample.
    step : int
        Samples of a step.
    random : numpy.random.Generator

    Returns
    -------
    float32 array (m,)
        With at least one sample.
    """
    speed = float(np.exp(random.uniform(np.log(SLOWEST), np.log(FASTEST))))
    gain = np.float32(10 ** (random.normal(0, LEVEL_DB) / 20))
    other = soxr.resample(wave, speed, 1.0)
    return gain * other[min(random.integers(step), len(other) // 2) :]
