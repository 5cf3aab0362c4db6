"""Augmentation of recordings for the training of context models."""

import numpy as np
import soxr
from numpy.typing import NDArray

SLOWEST, FASTEST = 0.87, 1.15
LEVEL_DB = 1.0  # standard deviation of the level


def augmented(wave: NDArray[np.float32], step: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Change speed (with pitch and formants), level and position within a step of a recording at random.

    After Ko et al., "Audio augmentation for speech recognition", Interspeech 2015, whose speeds are .9 and 1.1.

    Parameters
    ----------
    wave : float32 array (n,)
        At least one sample.
    step : int
        Samples per step.
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
