"""Codes of fixed widths, packed without gaps."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

MAX_WIDTH = 15
"""Bits of the widest book: a code must fit in an int16."""


class BitPacking:
    """Steps of codes to bytes and back: step after step, in a step book after book, each most significant bit first.

    Parameters
    ----------
    widths : iterable of int
        Bits of each book's codes, 1 to 15.
    """

    def __init__(self, widths: Iterable[int]) -> None:
        self.widths = tuple(int(width) for width in widths)
        if not self.widths or not all(1 <= width <= MAX_WIDTH for width in self.widths):
            raise ValueError(f"widths must be 1 to {MAX_WIDTH} bits, not {self.widths}")
        self.bits = sum(self.widths)  # in a step
        # Of each bit of a step: whose it is, and how far it stands from the code's lowest one.
        self._book = np.repeat(np.arange(len(self.widths)), self.widths)
        self._shift = np.concatenate([np.arange(width - 1, -1, -1, dtype=np.int16) for width in self.widths])
        self._first = np.cumsum((0, *self.widths[:-1]))

    def size(self, steps: int) -> int:
        """Return the bytes that `steps` steps take, the last one filled up."""
        return -(-steps * self.bits // 8)

    def check(self, codes: npt.ArrayLike) -> npt.NDArray[np.int16]:
        """Return `codes` as int16 [steps, books]; raise ValueError where they are anything else or out of range."""
        array = np.asarray(codes)
        if array.ndim != 2 or array.shape[1] != len(self.widths) or array.dtype.kind not in "iu":
            raise ValueError(f"codes must be integers [steps, {len(self.widths)}], not {array.dtype} {array.shape}")
        if (array < 0).any() or (array >= 1 << np.array(self.widths)).any():
            raise ValueError(f"codes don't fit into {self.widths} bits")
        return array.astype(np.int16)

    def pack(self, codes: npt.NDArray[np.int16]) -> bytes:
        """Return the bytes of checked `codes` [steps, books]; the last one is filled up with zero bits."""
        bits = codes[:, self._book] >> self._shift & 1
        return np.packbits(bits.astype(np.uint8)).tobytes()

    def unpack(self, payload: bytes, steps: int) -> npt.NDArray[np.int16]:
        """Return the first `steps` steps, int16 [steps, books], of a payload of at least ``size(steps)`` bytes."""
        bits = np.unpackbits(np.frombuffer(payload, np.uint8), count=steps * self.bits).reshape(steps, self.bits)
        return np.add.reduceat(bits.astype(np.int16) << self._shift, self._first, axis=1, dtype=np.int16)
