"""Active speech level, after ITU-T P.56 (method B) on 10 ms frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sottovoce.models.features import HOP

MARGIN_DB = 15.9  # P.56: activity is what lies above (active level - margin)
HANG_FRAMES = 20  # P.56: 200 ms hangover bridges pauses inside words
TARGET_DB = -26.0  # the level that the models are trained at
SILENCE_DB = -100.0


def active_level(wave: ArrayLike) -> float:
    """Level of the active parts of a 16 kHz wave (n,), in dB relative to full scale; SILENCE_DB when there are none."""
    wave = np.asarray(wave, np.float64)
    count = -(-len(wave) // HOP)
    power = np.mean(np.pad(wave, (0, count * HOP - len(wave))).reshape(count, HOP) ** 2, 1) if count else np.zeros(0)
    if not power.size or power.max() < 10 ** (SILENCE_DB / 10):
        return SILENCE_DB
    held_power = _hold_peaks(power)
    # the active level falls as the threshold does: walk down until they are the margin apart
    for threshold in power.max() * 10 ** (-np.arange(0.0, 60.0, 0.5) / 10):
        level = power[held_power >= threshold].mean()
        if level >= threshold * 10 ** (MARGIN_DB / 10):
            break
    return max(SILENCE_DB, float(10 * np.log10(level)))


def _hold_peaks(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each frame's power or the largest of the 20 frames before it."""
    padded = np.pad(power, (HANG_FRAMES, 0))
    return np.lib.stride_tricks.sliding_window_view(padded, HANG_FRAMES + 1).max(1)


def gain_to_target(level_db: float) -> float:
    """Factor that brings a wave of this active level to the models' level; one for silence."""
    return 1.0 if level_db <= SILENCE_DB else float(10 ** ((TARGET_DB - level_db) / 20))
