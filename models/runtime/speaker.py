"""Quantised speaker vector of speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import frames, log_mel
from sottovoce.models.log_mel_scale import normalised
from sottovoce.models.runtime.layers import Array, Stack, make_dense
from sottovoce.models.runtime.plans import speaker_plan
from sottovoce.models.runtime.quantizer import Quantizer

BLOCKS = 2


def speaker_bytes(
    wave: NDArray[np.float32], config: dict[str, Any], weights: Mapping[str, Array], quantizer: Quantizer
) -> bytes:
    """Return the quantised speaker vector, one byte per codebook, of samples (n,) at the models' level, n >= 1."""
    stack = Stack(speaker_plan(BLOCKS), weights, exact=False)
    hidden = stack(normalised(log_mel(frames(wave))))
    mean = hidden.mean(0)
    deviation = np.sqrt(np.maximum((hidden * hidden).mean(0) - mean * mean, 0) + np.float32(1e-4))
    vector = make_dense("speaker.out", weights, exact=False)(np.concatenate((mean, deviation)))
    return bytes(quantizer(vector).astype(np.uint8))
