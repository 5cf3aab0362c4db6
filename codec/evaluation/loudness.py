"""Level and clipping of decoded speech, measured before the evaluation matches its level to the reference."""

import numpy as np

from sottovoce.codec.evaluation.peers.base import Wave

FULL_SCALE = 32767 / 32768  # the largest positive sample of 16 bits


def power(wave: Wave) -> float:
    """Return the mean square of a wave."""
    return float(np.mean(wave.astype(np.float64) ** 2))


def level_error(reference: Wave, decoded: Wave) -> float | None:
    """Return by how many dB the level of a decoded wave is off, in either direction; None if one of them is silent.

    Parameters
    ----------
    reference, decoded : ndarray of float32 [shape=(n,)]
        Waves without relative delay.
    """
    powers = power(reference), power(decoded)
    return abs(10 * float(np.log10(powers[1] / powers[0]))) if all(powers) else None


def clipping(wave: Wave) -> float:
    """Return the percentage of samples at full scale of 16 bits."""
    return 100 * float(np.mean((wave >= FULL_SCALE) | (wave <= -1)))
