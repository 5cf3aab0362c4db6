"""Sampling a WaveNet in integers: the same samples from every machine, kernel, chunking and number of streams.

The loop itself is C++ (kernel.cpp, one engine an instruction set) or, where that was not built, numba
(numba_kernel.py). Units are those of units.py.

Randomness is Philox 4x32-10: the key is the stream's seed (low word first), the counter is (t // 4, stream number),
both 64 bit, low word first, and sample t uses word t % 4 of that block.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

import numpy as np

from sottovoce.models.runtime.state import Remembering
from sottovoce.models.wavenet.units import (
    CLASSES,
    COMPRESS_LIMIT,
    FRAME,
    INPUTS,
    LOGIT_BITS,
    MAX_PERIOD,
    MAX_TEMPER,
    MIN_GAIN,
    MIN_PERIOD,
    ORDER,
    RING,
    ROWS,
)

log = logging.getLogger(__name__)

# tables in the order in which kernel.cpp takes them, with their types
PACKED = {
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
FLOAT = ("dilations", "embed", "dilated", "out", "out_bias", "head1", "head1_bias", "head2", "head2_bias")

STREAMS = 4  # of one call share each pass over the weights
MAX_CHANNELS = 128  # beyond, an accumulator could overflow
_CLOCK = slice(0, 32)  # of a stream's bytes: time, seed, stream number, unused
_HISTORY = slice(32, 96)
_PAST = slice(96, 96 + RING)
_QUEUES = 640


@functools.cache
def _extension() -> ModuleType | None:
    """The C++ module, if it was built."""
    try:
        return importlib.import_module("sottovoce.models.wavenet._kernel")
    except ImportError:
        return None


@functools.cache
def kernels() -> list[str]:
    """Names of the kernels that run here, fastest first."""
    extension = _extension()
    return [*(extension.kernels() if extension else ()), "numba"]


@functools.cache
def default_kernel() -> str:
    """The kernel that runs unless a call names another; told once."""
    name = os.environ.get("SOTTO_KERNEL") or kernels()[0]
    log.info("sampling with the %s kernel", name)
    return name


def _choose(kernel: str | None) -> str:
    name = kernel or default_kernel()
    if name not in kernels():
        raise ValueError(f"kernel {name!r} does not run here; choose one of {', '.join(kernels())}")
    return name


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
        if missing := sorted(set(PACKED) - set(arrays)):
            raise ValueError(f"not the tables of a sampler: no {', '.join(missing)}")
        self.arrays = {name: np.ascontiguousarray(arrays[name]) for name in PACKED}
        self.layers = len(self.arrays["dilations"])
        self.channels = self.arrays["embed"].shape[-1]
        self.skip = self.arrays["head1"].shape[-1]
        self._check()
        self._arrays_of_kernels = {**self.arrays, "tanh_of": tanh_of(self.arrays["tanh"])}
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
            if array.shape != shape or array.dtype != PACKED[name]:
                raise ValueError(f"table {name}: {PACKED[name].__name__} {shape} expected")
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

                    self._packed[kernel] = numba_kernel.pack(self._arrays_of_kernels)
                else:
                    extension = _extension()
                    assert extension
                    self._packed[kernel] = extension.pack(
                        kernel, self.channels, self.skip, self.layers, list(self._arrays_of_kernels.values())
                    )
            return self._packed[kernel]


class Stream(Remembering):
    """Where one stream stands between two calls of `sample`.

    Parameters
    ----------
    tables : Tables
        Of the network that will sample it.
    seed, number : int
        Key and counter of its random numbers, 0 .. 2**64 - 1. Streams of one seed and different numbers are
        independent.
    """

    REMEMBERED = ("memory",)

    def __init__(self, tables: Tables, seed: int = 0, number: int = 0):
        self._memory = self._aligned(self.size(tables))
        self.clock[1:3] = seed, number
        self.past[:] = CLASSES // 2

    @staticmethod
    def size(tables: Tables) -> int:
        """Bytes of a stream of that network."""
        return _QUEUES + 2 * tables.channels * int(tables.arrays["dilations"].sum())

    @staticmethod
    def _aligned(size: int) -> np.ndarray:
        """Zeroed bytes, so placed that the columns of the queues begin on cache lines."""
        memory = np.zeros(size + 64, np.uint8)
        start = -memory.ctypes.data % 64
        return memory[start : start + size]

    @property
    def clock(self) -> np.ndarray:
        """uint64 (4,): samples so far, seed, stream number, nothing."""
        return self._memory[_CLOCK].view(np.uint64)

    @property
    def history(self) -> np.ndarray:
        """int32 (16,): the last samples, newest first."""
        return self._memory[_HISTORY].view(np.int32)

    @property
    def past(self) -> np.ndarray:
        """uint8 (512,): the excitation class of sample t at t % 512."""
        return self._memory[_PAST]

    @property
    def queues(self) -> np.ndarray:
        """int16: every layer's ring of past input columns."""
        return self._memory[_QUEUES:].view(np.int16)

    @property
    def memory(self) -> np.ndarray:
        """All of the above as bytes, the same on any machine of the same byte order."""
        return self._memory

    @memory.setter
    def memory(self, memory: np.ndarray) -> None:
        if memory.shape != self._memory.shape or memory.dtype != np.uint8 or memory[_CLOCK].view(np.uint64)[0] % FRAME:
            raise ValueError("the state of another network's stream")
        self._memory[:] = memory


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
    temper : int32 (K, n)
        Inverse temperature in Q12, 1..16384.
    floor : int32 (K, n)
        Probability, in Q16 of the total, that every class loses; 0..65535.
    cond : int16 (K, n, layers x 2 x channels)
        Pre-activation of every layer's filter and gate in Q11.
    """

    lpc: np.ndarray
    gain: np.ndarray
    period: np.ndarray
    voiced: np.ndarray
    temper: np.ndarray
    floor: np.ndarray
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
            "temper": (np.int32, ()),
            "floor": (np.int32, ()),
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
            "temper": (1, MAX_TEMPER),
            "floor": (0, 65535),
        }
        for name, (low, high) in limits.items():
            if arrays[name].size and (arrays[name].min() < low or arrays[name].max() > high):
                raise ValueError(f"frames: {name} outside {low}..{high}")
        return Frames(**arrays)


def sample(
    tables: Tables,
    streams: Sequence[Stream],
    frames: Frames,
    kernel: str | None = None,
    trace: np.ndarray | None = None,
) -> np.ndarray:
    """Advance streams by whole frames, all by equally many.

    Up to four streams share each pass over the weights; what a stream says depends neither on the others nor on how
    its frames are cut into calls. The interpreter's lock is released meanwhile; a stream belongs to one call at a time.

    Parameters
    ----------
    tables : Tables
    streams : sequence of Stream
        K of them; they move on.
    frames : Frames
        (K, n, ...).
    kernel : str, optional
        One of `kernels()`; by default the environment's ``SOTTO_KERNEL``, else the fastest.
    trace : int16 array (K, n x 160, 7), optional
        Receives the six input indices and the class drawn of every sample.

    Returns
    -------
    int32 array (K, n x 160)
        Samples in Q4 of a 16-bit sample's step.
    """
    name = _choose(kernel)
    if any(stream.memory.size != Stream.size(tables) for stream in streams):
        raise ValueError("a stream of another network")
    if len({id(stream) for stream in streams}) < len(streams):
        raise ValueError("the same stream twice in one call")
    frames = frames.checked(tables, len(streams))
    n = frames.gain.shape[1]
    out = np.empty((len(streams), n * FRAME), np.int32)
    shape = (len(streams), n * FRAME, INPUTS + 1)
    if trace is not None and (trace.shape != shape or trace.dtype != np.int16 or not trace.flags.c_contiguous):
        raise ValueError(f"trace: int16 {shape} expected")
    packed = tables.packed(name)
    for first in range(0, len(streams), STREAMS):
        some = range(first, min(first + STREAMS, len(streams)))
        memories = [streams[k].memory for k in some]
        inputs = [getattr(frames, f.name)[k] for k in some for f in fields(frames)]
        outputs = [out[k] for k in some]
        traces = [] if trace is None else [trace[k] for k in some]
        if name == "numba":
            from sottovoce.models.wavenet import numba_kernel

            numba_kernel.run(packed, [streams[k] for k in some], inputs, outputs, traces)
        else:
            extension = _extension()
            assert extension
            extension.run(packed, memories, inputs, outputs, traces, n)
    return out


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
    name = _choose(kernel)
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
        extension = _extension()
        assert extension
        extension.score(tables.packed(name), stream.memory, cond, index, out, n)
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
    extension = _extension()
    if extension is None:
        raise RuntimeError("the float32 check needs the C++ kernel, which was not built")
    index, n = _indices(indices)
    each = [np.ascontiguousarray(arrays[name], np.int32 if name == "dilations" else np.float32) for name in FLOAT]
    layers, channels, skip = len(each[0]), arrays["embed"].shape[-1], arrays["head1"].shape[-1]
    cond = np.ascontiguousarray(cond, np.float32)
    if cond.shape != (n, layers * 2 * channels):
        raise ValueError(f"conditioning of shape {cond.shape} for {n} frames")
    out = np.empty((n * FRAME, CLASSES), np.float32)
    extension.float_score(channels, skip, layers, each, cond, index, out, n)
    return out


def _indices(indices: np.ndarray) -> tuple[np.ndarray, int]:
    """The indices as kernels take them, and their number of frames."""
    index = np.ascontiguousarray(indices, np.int16)
    if index.ndim != 2 or index.shape[1] != INPUTS or len(index) % FRAME:
        raise ValueError(f"indices (T, {INPUTS}) with T a multiple of {FRAME} expected, not {index.shape}")
    if index.size and (index.min() < 0 or index.max() >= ROWS):
        raise ValueError("an index beyond the embedding tables")
    return index, len(index) // FRAME
