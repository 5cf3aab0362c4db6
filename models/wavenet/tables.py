"""A network as the sampler needs it: tables of integers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from sottovoce.models.wavenet.kernels import extension
from sottovoce.models.wavenet.units import CLASSES, COMPRESS_LIMIT, INPUTS, LOGIT_BITS, ROWS

# The tables of a network with their types; a kernel takes these and `tanh_of`, by name.
TABLE_TYPES = {
    "dilations": np.int32,
    "embed": np.int16,
    "dilated": np.int8,
    "dilated_shift": np.int32,
    "dilated_multiplier": np.int16,
    "out": np.int8,
    "out_bias": np.int32,
    "out_shift": np.int32,
    "out_multiplier": np.int16,
    "head1": np.int8,
    "head1_bias": np.int32,
    "head1_shift": np.int32,
    "head1_multiplier": np.int16,
    "head2": np.int8,
    "head2_bias": np.int32,
    "head2_shift": np.int32,
    "head2_multiplier": np.int16,
    "tanh": np.int16,
    "exp2": np.int32,
    "width": np.int16,
    "compress": np.uint8,
    "expand": np.int32,
}

MAX_CHANNELS = 128  # beyond, an accumulator could overflow


def tanh_of(pieces: np.ndarray) -> np.ndarray:
    """The activation of a gate, Q12 -> Q15, for every int16: entry ``u mod 2**16`` is that of u.

    Parameters
    ----------
    pieces : int16 array (4, 16)
        Coefficients of a cubic on each sixteenth of [0, 8).

    Returns
    -------
    int16 array (65536,)
    """
    u = np.arange(2**16).astype(np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(u), 32767)
    piece = pieces.astype(np.int32)[:, magnitude >> 11]
    along = (magnitude & 2047) << 4
    y = piece[3]
    for power in (2, 1, 0):
        y = piece[power] + ((y * along + 0x4000) >> 15)
    return (np.sign(u) * np.minimum(y, 32767)).astype(np.int16)


class Tables:
    """A network as the sampler needs it: integers only, immutable.

    Parameters
    ----------
    arrays : mapping of str to array
        As `quantize.quantize` makes them; further entries are ignored.

    Attributes
    ----------
    channels, skip, layers : int
        Sizes of the network.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        if missing := sorted(set(TABLE_TYPES) - set(arrays)):
            raise ValueError(f"not the tables of a sampler: no {', '.join(missing)}")
        self.arrays = {name: np.ascontiguousarray(arrays[name]) for name in TABLE_TYPES}
        self.layers = len(self.arrays["dilations"])
        self.channels = self.arrays["embed"].shape[-1]
        self.skip = self.arrays["head1"].shape[-1]
        self._check()
        self._kernel_tables = {**self.arrays, "tanh_of": tanh_of(self.arrays["tanh"])}
        self._packed: dict[str, Any] = {}
        self._lock = threading.Lock()

    def _check(self) -> None:
        """Whatever a kernel relies on to stay within its memory."""
        c, s, n = self.channels, self.skip, self.layers
        if c % 16 or s % 16 or not (0 < c <= MAX_CHANNELS and 0 < s <= CLASSES and n):
            raise ValueError(f"sizes that the sampler cannot run: {c} channels, {s} skip channels, {n} layers")
        shapes: dict[str, tuple[int, ...]] = {
            "dilations": (n,),
            "embed": (INPUTS * ROWS, c),
            "dilated": (n, 2 * c, 2 * c),
            "out": (n, c + s, c),
            "head1": (s, s),
            "head2": (CLASSES, s),
            "tanh": (4, 16),
            "exp2": (2**LOGIT_BITS,),
            "width": (CLASSES,),
            "compress": (2 * COMPRESS_LIMIT,),
            "expand": (CLASSES,),
        }
        for name, array in self.arrays.items():
            shape = shapes[name] if name in shapes else shapes[name.split("_")[0]][:-1]
            if array.shape != shape or array.dtype != TABLE_TYPES[name]:
                raise ValueError(f"table {name}: {TABLE_TYPES[name].__name__} {shape} expected")
            array.flags.writeable = False
        dilations = self.arrays["dilations"]
        if (dilations < 1).any() or (dilations & (dilations - 1)).any() or dilations.max() > 2**16:
            raise ValueError("dilations must be powers of two")
        for name in ("dilated_shift", "out_shift", "head1_shift", "head2_shift"):
            if not ((self.arrays[name] >= 1) & (self.arrays[name] <= 30)).all():
                raise ValueError(f"table {name}: out of range")

    @property
    def weight_bytes(self) -> int:
        """Weights that every sample uses."""
        return sum(self.arrays[name].size for name in ("dilated", "out", "head1", "head2"))

    def packed(self, kernel: str) -> Any:
        """The tables in the order in which a kernel reads them; made once."""
        with self._lock:
            if kernel not in self._packed:
                if kernel == "numba":
                    from sottovoce.models.wavenet import numba_kernel

                    self._packed[kernel] = numba_kernel.pack(self._kernel_tables)
                else:
                    compiled = extension()
                    assert compiled
                    self._packed[kernel] = compiled.pack(
                        kernel, self.channels, self.skip, self.layers, self._kernel_tables
                    )
            return self._packed[kernel]
