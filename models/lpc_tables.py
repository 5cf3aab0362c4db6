"""Constants of linear prediction, and the matrix from band powers to the autocorrelation."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import SAMPLE_RATE, WINDOW, hann, mel_matrix

ORDER = 16
PRE_EMPHASIS = 0.85
LAG_WINDOW_HZ = 60.0  # bandwidth of the Gaussian lag window
WHITE_NOISE = 1.0003  # white-noise correction: factor of lag 0
GAIN_FLOOR = 2.0**-15  # one step of a 16-bit sample


@cache
def autocorrelation_matrix(order: int = ORDER) -> NDArray[np.float64]:
    """Matrix (order + 1, 80) from mel band powers to the autocorrelation of the pre-emphasised wave, lag-windowed."""
    mel = mel_matrix().astype(np.float64)
    share = mel / np.maximum(mel.sum(0), 1e-3)  # power of a bin: weighted mean of the mean powers of its bands
    covered = mel.sum(0) > 1e-3
    first = int(np.argmax(covered))
    share[:, :first] = share[:, [first]]  # below 40 Hz: power of the lowest band
    share[:, covered.nonzero()[0][-1] + 1 :] = share[:, [covered.nonzero()[0][-1]]]
    spread = share / mel.sum(1)[:, None]
    w = 2 * np.pi * np.arange(257) / 512
    emphasis = 1 + PRE_EMPHASIS**2 - 2 * PRE_EMPHASIS * np.cos(w)
    weight = np.full(257, 2.0)
    weight[[0, -1]] = 1.0
    lags = np.arange(order + 1)
    cosines = np.cos(lags[:, None] * w) * emphasis * weight / 512 / (hann(WINDOW).astype(np.float64) ** 2).sum()
    window = np.exp(-0.5 * (2 * np.pi * LAG_WINDOW_HZ / SAMPLE_RATE * lags) ** 2)
    window[0] = WHITE_NOISE
    return window[:, None] * (cosines @ spread.T)
