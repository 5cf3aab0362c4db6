"""Correlation of the envelopes of decoded and true speech: the measure of ESTOI on log-mels, as a training loss.

Jensen and Taal 2016, "An algorithm for predicting the intelligibility of speech masked by modulated noise maskers"
(IEEE/ACM Trans. ASLP 24(11)), equations 3 to 8. Differences from ESTOI: bands are sums of mel bands instead of
bins, the hop is 10 ms instead of 12.8, and silence is excluded by whole segments.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sottovoce.models.features import SAMPLE_RATE, mel_matrix
from sottovoce.models.training.processes import averaged
from sottovoce.models.training.spectra import constant

BANDS = 15
LOWEST = 150.0  # Hz, centre of the first third-octave band
SEGMENT = 38  # frames: 380 ms
STRIDE = 6
FLOOR = 1e-5  # added to the power of a band
QUIET = 1e-4  # of the loudest frame: frames below it (40 dB) are silence
ACTIVE = 0.8  # share of active frames that a segment needs


@cache
def third_octaves() -> NDArray[np.float32]:
    """Return the matrix [shape=(15, 80)] from powers of mel bands to powers of third-octave bands."""
    centres = LOWEST * 2 ** (np.arange(BANDS)[:, None] / 3)
    filters = mel_matrix().astype(np.float64)
    bins = np.arange(filters.shape[1]) * SAMPLE_RATE / (2 * (filters.shape[1] - 1))
    inside = (bins >= centres * 2 ** (-1 / 6)) & (bins < centres * 2 ** (1 / 6))
    return (inside @ filters.T / filters.sum(1)).astype(np.float32)


def correlation(decoded: Tensor, true: Tensor) -> Tensor:
    """Return the mean correlation, at most 1, of the spectrograms of log-mels (B, 80, F) over all processes."""
    segment = min(SEGMENT, true.shape[2])
    power = torch.exp(true).sum(1)
    loud = (power > QUIET * power.amax(1, keepdim=True)).float()
    speaks = (loud.unfold(1, segment, STRIDE).mean(2) > ACTIVE).float()
    x, y = (_normalised(mel, segment) for mel in (decoded, true))
    each = (x * y).sum((1, 3)) / segment
    return (each * speaks).sum() / averaged(speaks.sum()).clamp_min(1)


def _normalised(mel: Tensor, segment: int) -> Tensor:
    """Segments (B, 15, S, frames) of band amplitudes: bands brought to one mean and norm, then frames."""
    amplitude = torch.sqrt(constant(third_octaves, mel.device) @ torch.exp(mel) + FLOOR)
    return _unit(_unit(amplitude.unfold(2, segment, STRIDE), 3), 1)


def _unit(x: Tensor, dim: int) -> Tensor:
    x = x - x.mean(dim, keepdim=True)
    return x / torch.sqrt((x * x).sum(dim, keepdim=True) + 1e-8)
