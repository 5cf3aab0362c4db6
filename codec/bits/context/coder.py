"""What the codes so far say about the next one: a small network in integers, and codes to bytes and back with it.

Each entry of each book has a vector; those of the step's codes so far are added up, and so is what a layer of rectified
units makes of the steps before: the last two, and two averages that forget at different speeds. A book's view of this
state, a matrix, gives a logit for each entry, and a table of powers of two turns logits into frequencies for the range
coder. The frequencies are integers by integer steps only, and so the same on every machine.

The arithmetic is in numba_kernel.py, for numba or nothing but Python, and the same in kernel.cpp, which doesn't have
to be compiled first.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.context.units import AGES, SLOW
from sottovoce.codec.bits.range_coder import max_bytes

_MAX_SIZE = 512  # of books, vectors, hidden units and states: more could overflow a sum of 32 bits
_MAX_AGE_WEIGHT = 1 << 28  # likewise, of `age`
_MAX_ENTRY_SHIFT = 12  # likewise, of the shift of `entries`
_MAX_ENTRIES = 1 << 15  # of a book: its codes are int16


class ContextNetwork(NamedTuple):
    """What a kernel computes with, in the types that kernel.cpp takes; see `ContextModel` for the tables."""

    past: npt.NDArray[np.int8]
    age: npt.NDArray[np.int32]
    drive: npt.NDArray[np.int8]
    start: npt.NDArray[np.int16]
    entries: npt.NDArray[np.int8]
    views: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int16]
    vectors: npt.NDArray[np.int16]
    first: npt.NDArray[np.int64]
    shifts: npt.NDArray[np.int64]


class ContextModel:
    """The context model of a release, for all its presets.

    Parameters
    ----------
    tables : mapping of str to ndarray
        What `sotto train-context` wrote: int8 ``past`` (inputs, hidden), ``drive`` (books, hidden, rank), ``entries``
        (all entries, rank) and ``views.K`` (rank, entries of book K); int32 ``age`` (ages, hidden); int16 ``start``
        (presets, books, rank) and ``bias.K`` (entries of book K); int8 ``shifts`` (3 + books): of the hidden units, of
        ``drive``, of ``entries`` (to the left), and of each view.
    books : sequence of int16 arrays (entries, size)
        The release's code books.

    Raises
    ------
    ValueError
        When tables and books don't belong together, or a kernel couldn't compute with them.
    """

    def __init__(self, tables: Mapping[str, npt.NDArray], books: Sequence[npt.NDArray[np.int16]]) -> None:
        sizes = [len(book) for book in books]
        count, size = len(books), books[0].shape[1]
        try:
            past, age, drive, start, entries, shifts = (
                np.ascontiguousarray(tables[name]) for name in ("past", "age", "drive", "start", "entries", "shifts")
            )
            views, biases = ([tables[f"{name}.{k}"] for k in range(count)] for name in ("views", "bias"))
        except KeyError as error:
            raise ValueError(f"a context model without {error.args[0]!r}") from None
        rank, hidden = entries.shape[-1], past.shape[-1]
        expected = [
            (past, np.int8, (size * (2 + len(SLOW)), hidden)),
            (age, np.int32, (AGES, hidden)),
            (drive, np.int8, (count, hidden, rank)),
            (start, np.int16, (*start.shape[:1], count, rank)),
            (entries, np.int8, (sum(sizes), rank)),
            (shifts, np.int8, (3 + count,)),
            *((view, np.int8, (rank, n)) for view, n in zip(views, sizes, strict=True)),
            *((bias, np.int16, (n,)) for bias, n in zip(biases, sizes, strict=True)),
            *((book, np.int16, (n, size)) for book, n in zip(books, sizes, strict=True)),
        ]
        if any(array.dtype != kind or array.shape != shape for array, kind, shape in expected):
            raise ValueError("a context model of other code books")
        if (
            max(count, rank, hidden, size) > _MAX_SIZE
            or max(sizes) > _MAX_ENTRIES
            or ((age < -_MAX_AGE_WEIGHT) | (age > _MAX_AGE_WEIGHT)).any()
            or ((shifts < 0) | (shifts > 30)).any()
            or shifts[2] > _MAX_ENTRY_SHIFT
        ):
            raise ValueError("a context model with numbers out of range")
        self._first = np.cumsum([0, *sizes], dtype=np.int64)
        self._network = ContextNetwork(
            past, age, drive, start, entries, np.concatenate([view.ravel() for view in views]),
            np.concatenate(biases), np.concatenate(books), self._first, shifts.astype(np.int64),
        )  # fmt: skip

    def coder(self, preset: int, books: int) -> ContextCoder:
        """Return a coder of steps of the first `books` books, at the start of a recording."""
        return ContextCoder(self.pack(preset, books))

    def pack(self, preset: int, books: int) -> ContextNetwork:
        """Return what a kernel computes with for a preset."""
        return self._network._replace(start=self._network.start[preset, :books], first=self._first[: books + 1])


class ContextCoder:
    """Steps of codes to bytes and back, with a memory of what went before.

    Where there are flags, a bit before each step says whether the step is held: whether it repeats the one before (at
    the start of a payload, zeros). The codes of held steps aren't in the payload.

    Parameters
    ----------
    network : ContextNetwork
        What `ContextModel.pack` made for a preset.
    """

    def __init__(self, network: ContextNetwork) -> None:
        self._kernel = _kernel()
        self._network = network
        self._sizes = np.diff(network.first)
        self._memory = np.zeros((2 + len(SLOW), network.vectors.shape[1]), np.int32)
        self._age = np.zeros(1, np.int64)

    def reset(self) -> None:
        """Forget what went before, so that what follows can be decoded alone."""
        self._memory[:] = 0
        self._age[:] = 0

    def encode(self, codes: npt.NDArray[np.int16], repeated: npt.NDArray[np.uint8] | None = None) -> bytes:
        """Return the bytes of steps, without zeros at their end.

        Parameters
        ----------
        codes : int16 array (steps, books)
        held : uint8 array (steps,), optional
            Flags, 0 or 1, if the payload is to have them. Whatever `codes` say of held steps, they repeat the ones
            before.

        Raises
        ------
        ValueError
            When codes aren't entries of the preset's books, or flags aren't flags of these steps.
        """
        codes = self._checked(codes)
        flags = _NO_FLAGS if repeated is None else np.ascontiguousarray(repeated, np.uint8)
        if repeated is not None and (flags.shape != codes.shape[:1] or (flags > 1).any()):
            raise ValueError("flags of other steps")
        return self._encode(codes, flags, np.zeros((0, 0), np.int32))

    def decode(self, payload: bytes, steps: int) -> npt.NDArray[np.int16]:
        """Return `steps` steps of codes, int16 [steps, books], from a payload without flags.

        Of a damaged payload come codes, too, and never an error; behind a payload's end there are zeros.
        """
        return self._decode(payload, steps, _NO_FLAGS)

    def decode_dtx(self, payload: bytes, steps: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
        """Return the same, and each step's flag, uint8 [steps], from a payload with flags."""
        repeated = np.zeros(steps, np.uint8)
        return self._decode(payload, steps, repeated), repeated

    def bits(self, codes: npt.NDArray[np.int16]) -> npt.NDArray[np.int32]:
        """Return the widths of the intervals that `codes` would be coded by, int32 [steps, books], out of 2**16."""
        widths = np.zeros(codes.shape, np.int32)
        self._encode(self._checked(codes), _NO_FLAGS, widths)
        return widths

    def _encode(
        self, codes: npt.NDArray[np.int16], repeated: npt.NDArray[np.uint8], widths: npt.NDArray[np.int32]
    ) -> bytes:
        room = np.zeros(max_bytes(codes.size + repeated.size), np.uint8)
        size = self._kernel.encode(codes, repeated, room, widths, self._network, self._memory, self._age)
        return room[:size].tobytes().rstrip(b"\0")

    def _decode(self, payload: bytes, steps: int, repeated: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
        codes = np.zeros((steps, len(self._sizes)), np.int16)
        self._kernel.decode(np.frombuffer(payload, np.uint8), codes, repeated, self._network, self._memory, self._age)
        return codes

    def _checked(self, codes: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """The codes as kernels take them, which don't look at what they are told."""
        codes = np.ascontiguousarray(codes, np.int16)
        if codes.shape[1:] != self._sizes.shape or ((codes < 0) | (codes >= self._sizes)).any():
            raise ValueError("codes of other books")
        return codes


_NO_FLAGS = np.zeros(0, np.uint8)


@functools.cache
def _kernel() -> Any:
    """The C++ module, if it was built and the environment's ``SOTTO_KERNEL`` isn't numba; else the one in Python."""
    if os.environ.get("SOTTO_KERNEL") != "numba":
        try:
            return importlib.import_module("sottovoce.codec.bits.context._native")
        except ImportError:
            pass
    return importlib.import_module("sottovoce.codec.bits.context.numba_kernel")
