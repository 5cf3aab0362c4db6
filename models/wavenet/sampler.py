"""Sampling a WaveNet in integers: the same samples from every machine, kernel, chunking and number of streams.

The loop itself is C++ (kernel.cpp, one engine an instruction set) or, where that was not built, numba
(numba_kernel.py). Units are those of units.py.

Randomness is Philox 4x32-10: the key is the stream's seed (low word first), the counter is (t // 4, stream number),
both 64 bit, low word first, and sample t uses word t % 4 of that block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.kernels import choose, extension
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import FRAME, INPUTS

STREAMS = 4  # of one call share each pass over the weights


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
    name = choose(kernel)
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
        inputs = [frames[k] for k in some]
        outputs = [out[k] for k in some]
        traces = [] if trace is None else [trace[k] for k in some]
        if name == "numba":
            from sottovoce.models.wavenet import numba_kernel

            numba_kernel.run(packed, [streams[k] for k in some], inputs, outputs, traces)
        else:
            compiled = extension()
            assert compiled
            compiled.run(packed, memories, inputs, outputs, traces, n)
    return out
