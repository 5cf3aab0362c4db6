"""Linear predictor of the decoded log-mel, with identical bits on every machine (for training: models/lpc.py).

Only integers below 2**53 go through matrix products, and the recursion uses single additions, multiplications,
divisions and square roots of float64, which IEEE 754 defines to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import SAMPLE_RATE
from sottovoce.models.lpc_tables import GAIN_FLOOR, autocorrelation_matrix
from sottovoce.models.runtime.layers import ACTIVATION_BITS, Array
from sottovoce.models.wavenet.units import LPC_BITS, SAMPLE_BITS

MEL_BITS = 7  # log-mel is rounded to 1/128 neper before its exponential
MEL_RANGE = (-14, 12)  # nepers
POWER_BITS = 30
MATRIX_BITS = 15
GAIN_BITS = 15 + SAMPLE_BITS  # full scale of the sampler
PITCH_RANGE = (-2.0, 2.5)  # octaves around the reference
PITCH_BITS = 7


def make_tables(order: int, gain_scale: float, pitch_reference: float, periods: tuple[int, int]) -> dict[str, Array]:
    """Compute the tables of `LinearPredictor`, once when a model is exported; they are stored with it."""
    matrix = autocorrelation_matrix(order)
    octaves = np.arange(PITCH_RANGE[0], PITCH_RANGE[1], 2.0**-PITCH_BITS)
    period = np.rint(SAMPLE_RATE / (pitch_reference * 2.0**octaves)).clip(*periods)
    return {
        "exp_high": np.exp(np.arange(MEL_RANGE[0], MEL_RANGE[1], dtype=np.float64)),
        "exp_low": np.exp(np.arange(2**MEL_BITS) / 2.0**MEL_BITS),
        # Bands are weighted first, so that all have the same relative precision: pre-emphasis alone spans 40 dB.
        "band_weight": matrix[0],
        "autocorrelation": np.rint(matrix / matrix[0] * 2.0**MATRIX_BITS).astype(np.int32),
        "gain_scale": np.array([gain_scale], np.float64),
        "period": period.astype(np.int32),
    }


class LinearPredictor:
    """Computes prediction coefficients, gains and pitch periods of frames.

    Parameters
    ----------
    tables : mapping of str to array
        From `make_tables`.
    """

    def __init__(self, tables: Mapping[str, Array]):
        self.high, self.low = tables["exp_high"], tables["exp_low"]
        self.matrix = tables["autocorrelation"].T.astype(np.float64)
        self.weight = tables["band_weight"]
        self.gain_scale = float(tables["gain_scale"][0])
        self.periods = tables["period"]

    def power(self, mel: Array) -> Array:
        """Return the band powers [shape=(frames, 80)] of integer log-mel with 14 fraction bits."""
        limits = MEL_RANGE[0] << MEL_BITS, (MEL_RANGE[1] << MEL_BITS) - 1
        index = np.clip(np.floor(mel * 2.0 ** (MEL_BITS - ACTIVATION_BITS) + 0.5), *limits).astype(np.int64)
        index -= limits[0]
        return self.high[index >> MEL_BITS] * self.low[index & (2**MEL_BITS - 1)]

    def __call__(self, powers: Array) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Map band powers (frames, 80) to coefficients (frames, 16), 12 fraction bits, and gains (frames,), 19 bits."""
        power = powers * self.weight
        _, exponent = np.frexp(power.max(1))
        r = np.floor(np.ldexp(power, POWER_BITS - exponent[:, None])) @ self.matrix
        a, error = schur(r)
        error = np.ldexp(error, exponent - POWER_BITS - MATRIX_BITS)
        gain = np.maximum(self.gain_scale * np.sqrt(np.maximum(error, 0)), GAIN_FLOOR)
        limit = 2.0**15 - 1
        coefficients = np.clip(np.floor(a * 2.0**LPC_BITS + 0.5), -limit, limit)
        return coefficients.astype(np.int16), np.floor(gain * 2.0**GAIN_BITS + 0.5).astype(np.int32)

    def period(self, pitch: Array) -> NDArray[np.int32]:
        """Map integer log2(F0 / reference) with 14 fraction bits (frames,) to periods in samples (frames,)."""
        index = np.floor(pitch * 2.0 ** (PITCH_BITS - ACTIVATION_BITS) + 0.5) - PITCH_RANGE[0] * 2**PITCH_BITS
        return self.periods[np.clip(index, 0, len(self.periods) - 1).astype(np.int64)]


def schur(r: Array) -> tuple[Array, Array]:
    """Map autocorrelations (frames, order + 1) to predictor and residual power (Le Roux and Gueguen 1977)."""
    ahead, behind = r[:, 1:], r[:, :-1]
    a, error = np.zeros((len(r), 0)), r[:, 0]
    while ahead.shape[1]:
        k = ahead[:, :1] / behind[:, :1]
        a = np.concatenate((a - k * a[:, ::-1], k), 1)
        ahead, behind = ahead - k * behind, behind - k * ahead
        error = behind[:, 0]
        ahead, behind = ahead[:, 1:], behind[:, :-1]
    return a, error
