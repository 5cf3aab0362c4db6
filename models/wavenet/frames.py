"""What the sampler is told every 10 ms."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import MAX_INVERSE_TEMPERATURE, MAX_PERIOD, MIN_GAIN, MIN_PERIOD, ORDER


@dataclass(frozen=True)
class Frames:
    """What the sampler is told every 10 ms; each array is (K streams, n frames, ...).

    Parameters
    ----------
    lpc : int16 (K, n, 16)
        Predictor coefficients in Q12, zeros without prediction.
    gain : int32 (K, n)
        Residual gain in Q4 of a 16-bit sample's step, at least 16.
    period : int32 (K, n)
        Pitch period in samples, 3..500.
    voiced : uint8 (K, n)
        Whether the pitch taps are heard.
    inverse_temperature : int32 (K, n)
        Inverse temperature in Q12, 1..16384.
    probability_floor : int32 (K, n)
        Probability, in Q16 of the total, that every class loses; 0..65535.
    cond : int16 (K, n, layers x 2 x channels)
        Pre-activation of every layer's filter and gate in Q11.
    """

    lpc: np.ndarray
    gain: np.ndarray
    period: np.ndarray
    voiced: np.ndarray
    inverse_temperature: np.ndarray
    probability_floor: np.ndarray
    cond: np.ndarray

    def __getitem__(self, key: Any) -> Frames:
        """The same slice of every array."""
        return Frames(*(getattr(self, f.name)[key] for f in fields(self)))

    def checked(self, tables: Tables, streams: int) -> Frames:
        """The arrays in the types that kernels take, all values in range."""
        n = np.shape(self.gain)[-1]
        wide = tables.layers * 2 * tables.channels
        shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
            "lpc": (np.int16, (ORDER,)),
            "gain": (np.int32, ()),
            "period": (np.int32, ()),
            "voiced": (np.uint8, ()),
            "inverse_temperature": (np.int32, ()),
            "probability_floor": (np.int32, ()),
            "cond": (np.int16, (wide,)),
        }
        arrays = {}
        for name, (dtype, rest) in shapes.items():
            arrays[name] = np.ascontiguousarray(getattr(self, name), dtype)
            if arrays[name].shape != (streams, n, *rest):
                raise ValueError(f"frames: {name} has shape {arrays[name].shape}, not {(streams, n, *rest)}")
        limits = {
            "gain": (MIN_GAIN, 2**26),
            "period": (MIN_PERIOD, MAX_PERIOD),
            "inverse_temperature": (1, MAX_INVERSE_TEMPERATURE),
            "probability_floor": (0, 65535),
        }
        for name, (low, high) in limits.items():
            if arrays[name].size and (arrays[name].min() < low or arrays[name].max() > high):
                raise ValueError(f"frames: {name} outside {low}..{high}")
        return Frames(**arrays)
