"""The narrow band: what codecs for 8 kHz hear of a recording at 16 kHz."""

import numpy as np
import soxr
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import RATE, Wave, floats, integers

NARROW = 8000
"""Hz."""


def narrowed(wave: Wave) -> NDArray[np.int16]:
    """Return a recording as 16-bit integers at 8 kHz."""
    return integers(soxr.resample(wave, RATE, NARROW, "VHQ"))


def widened(samples: bytes) -> Wave:
    """Return the bytes of 16-bit integers at 8 kHz, low byte first, as a recording."""
    return soxr.resample(floats(samples), NARROW, RATE, "VHQ")
