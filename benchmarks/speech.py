"""Recordings as input of the networks."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from sottovoce.models.features import SAMPLE_RATE
from sottovoce.models.level import active_level, gain_to_target


def read(path: Path) -> np.ndarray:
    """Return a recording as mono float32 at the models' rate and level."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(wave.mean(1), rate, SAMPLE_RATE)
    return (mono * gain_to_target(active_level(mono))).astype(np.float32)
