"""Does the melody survive: errors of the fundamental frequency and of what is voiced."""

import warnings

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.models.training.shards import fundamental

FEWEST = 10  # frames voiced in both, under which their semitones say nothing


def pitch(wave: Wave) -> NDArray[np.float64]:
    """Return F0 in Hz at 100 Hz, 0 where unvoiced (DIO and StoneMask of WORLD, Morise et al. 2016), as in training."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyworld imports what will be gone one day
        return fundamental(wave.astype(np.float64)).astype(np.float64)


def semitones(true: NDArray[np.float64], got: NDArray[np.float64]) -> float | None:
    """Return the RMS error in semitones where both are voiced; octave errors weigh most. None for too few frames."""
    both = (true > 0) & (got > 0)
    if both.sum() < FEWEST:
        return None
    return float(np.sqrt(np.mean((12 * np.log2(got[both] / true[both])) ** 2)))


def voicing(true: NDArray[np.float64], got: NDArray[np.float64]) -> float | None:
    """Return the percentage of frames that are voiced in one and not in the other; None of no frames."""
    if not len(true):
        return None
    return float(100 * np.mean((true > 0) != (got > 0)))
