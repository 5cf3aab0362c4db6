"""The state of one stream that is being sampled."""

from __future__ import annotations

import numpy as np

from sottovoce.models.runtime.state import Stateful
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.units import CLASSES, FRAME, RING

_CLOCK = slice(0, 32)  # of a stream's bytes: time, seed, stream number, unused
_HISTORY = slice(32, 96)
_PAST = slice(96, 96 + RING)
_QUEUES = 640


class Stream(Stateful):
    """Where one stream stands between two calls of `sample`.

    Parameters
    ----------
    tables : Tables
        Of the network that will sample it.
    seed, number : int
        Key and counter of its random numbers, 0 .. 2**64 - 1. Streams of one seed and different numbers are
        independent.
    """

    STATE_FIELDS = ("memory",)

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
