"""Logits of given inputs: what a kernel is checked by. Nothing that encodes or decodes needs this."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sottovoce.models.wavenet.kernels import choose, extension
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import CLASSES, FRAME, INPUTS, ROWS

FLOAT_TABLES = ("dilations", "embed", "dilated", "out", "out_bias", "head1", "head1_bias", "head2", "head2_bias")


def logits(tables: Tables, indices: np.ndarray, cond: np.ndarray, kernel: str | None = None) -> np.ndarray:
    """What the network says when its inputs are given: the teacher-forced check of a kernel.

    Parameters
    ----------
    tables : Tables
    indices : int array (T, 6)
        T a multiple of 160.
    cond : int16 array (T / 160, layers x 2 x channels)
        In Q11.
    kernel : str, optional
        As for `sample`.

    Returns
    -------
    int16 array (T, 256)
        In units of log2 / 256.
    """
    name = choose(kernel)
    index, n = _indices(indices)
    cond = np.ascontiguousarray(cond, np.int16)
    if cond.shape != (n, tables.layers * 2 * tables.channels):
        raise ValueError(f"conditioning of shape {cond.shape} for {n} frames")
    out = np.empty((n * FRAME, CLASSES), np.int16)
    stream = Stream(tables)
    if name == "numba":
        from sottovoce.models.wavenet import numba_kernel

        numba_kernel.score(tables.packed(name), stream, cond, index, out)
    else:
        compiled = extension()
        assert compiled
        compiled.score(tables.packed(name), stream.memory, cond, index, out, n)
    return out


def float_logits(arrays: Mapping[str, np.ndarray], indices: np.ndarray, cond: np.ndarray) -> np.ndarray:
    """The same in float32, from `quantize.float_tables`: checks the network's structure; needs the C++ module.

    Parameters
    ----------
    arrays : mapping of str to array
    indices : int array (T, 6)
    cond : float array (T / 160, layers x 2 x channels)

    Returns
    -------
    float32 array (T, 256)
        In nats.
    """
    compiled = extension()
    if compiled is None:
        raise RuntimeError("the float32 check needs the C++ kernel, which was not built")
    index, n = _indices(indices)
    each = {
        name: np.ascontiguousarray(arrays[name], np.int32 if name == "dilations" else np.float32)
        for name in FLOAT_TABLES
    }
    layers, channels, skip = len(each["dilations"]), arrays["embed"].shape[-1], arrays["head1"].shape[-1]
    cond = np.ascontiguousarray(cond, np.float32)
    if cond.shape != (n, layers * 2 * channels):
        raise ValueError(f"conditioning of shape {cond.shape} for {n} frames")
    out = np.empty((n * FRAME, CLASSES), np.float32)
    compiled.float_score(channels, skip, layers, each, cond, index, out, n)
    return out


def _indices(indices: np.ndarray) -> tuple[np.ndarray, int]:
    """The indices as kernels take them, and their number of frames."""
    index = np.ascontiguousarray(indices, np.int16)
    if index.ndim != 2 or index.shape[1] != INPUTS or len(index) % FRAME:
        raise ValueError(f"indices (T, {INPUTS}) with T a multiple of {FRAME} expected, not {index.shape}")
    if index.size and (index.min() < 0 or index.max() >= ROWS):
        raise ValueError("an index beyond the embedding tables")
    return index, len(index) // FRAME
