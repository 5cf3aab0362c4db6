"""DNSMOS P.835: what listeners would say without having heard the original (Reddy et al. 2022, arXiv 2110.01763).

The network is in the package speechmos. It is called from here and not through that package's `run`, which takes all
cores and computes another score (P.808) beside; the result is the same.
"""

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from sottovoce.codec.evaluation.peers.base import RATE, Wave

WINDOW = 9.01  # seconds that the network hears at once
SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
OVERALL = (-0.06766283, 1.11546468, 0.04602535)
"""Polynomials from the network's outputs to opinions, highest power first (the authors' dnsmos_local.py)."""


class Opinion(NamedTuple):
    """Mean opinions from 1 to 5: of the speech itself, and of all that is heard."""

    signal: float
    overall: float


@cache
def _network() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = files("speechmos").joinpath("dnsmos_models/sig_bak_ovr.onnx").read_bytes()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def opinion(wave: Wave) -> Opinion:
    """Judge a wave: short ones are repeated, long ones are judged in windows, a second apart."""
    window = int(WINDOW * RATE)
    while len(wave) < window:
        wave = np.append(wave, wave)
    starts = range(0, (int(len(wave) // RATE - WINDOW) + 1) * RATE, RATE)
    pieces = [wave[start : int((start / RATE + WINDOW) * RATE)] for start in starts]
    # as in the authors' program, a window that lost a sample to rounding is left out
    scores = [_network().run(None, {"input_1": piece[None]})[0][0] for piece in pieces if len(piece) == window]
    signal, _, overall = np.transpose(scores).astype(np.float64)
    return Opinion(float(np.polyval(SIGNAL, signal).mean()), float(np.polyval(OVERALL, overall).mean()))
