"""What the codes so far say about the next one: a small network in integers, and codes to bytes and back with it.

Each entry of each book has a vector; those of the step's codes so far are added up, and so is what a layer of rectified
units makes of the steps before: the last two, and two averages that forget at different speeds. A book's view of this
state, a matrix, gives a logit for each entry, and a table of powers of two turns logits into frequencies for the range
coder. The frequencies are integers by integer steps only, and so the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import context_kernel as kernel
from sottovoce.codec.bits.context_kernel import (
    AGES,
    FINE_BITS,
    HIDDEN_BITS,
    HIDDEN_LIMIT,
    LOGIT_BITS,
    SLOW,
    SUM_BITS,
    SUM_LIMIT,
)

__all__ = [
    "AGES",
    "FINE_BITS",
    "HIDDEN_BITS",
    "HIDDEN_LIMIT",
    "LOGIT_BITS",
    "SLOW",
    "SUM_BITS",
    "SUM_LIMIT",
    "ContextCoder",
    "ContextModel",
]


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
        When tables and books don't belong together.
    """

    def __init__(self, tables: Mapping[str, npt.NDArray], books: Sequence[npt.NDArray[np.int16]]) -> None:
        self.sizes = np.array([len(book) for book in books])
        count, size = len(books), books[0].shape[1]
        try:
            self._small = tuple(np.ascontiguousarray(tables[name]) for name in ("past", "age", "drive", "start"))
            entries = tables["entries"]
            views = [tables[f"views.{k}"] for k in range(count)]
            biases = [tables[f"bias.{k}"] for k in range(count)]
            self._shifts = tables["shifts"].astype(np.int64)
        except KeyError as error:
            raise ValueError(f"a context model without {error.args[0]!r}") from None
        past, age, drive, start = self._small
        rank, hidden = entries.shape[1], past.shape[1]
        fits = (
            past.shape[0] == size * (2 + len(SLOW))
            and age.shape == (AGES, hidden)
            and drive.shape == (count, hidden, rank)
            and start.shape[1:] == (count, rank)
            and len(entries) == self.sizes.sum()
            and all(view.shape == (rank, n) for view, n in zip(views, self.sizes, strict=True))
            and all(bias.shape == (n,) for bias, n in zip(biases, self.sizes, strict=True))
            and self._shifts.shape == (3 + count,)
            and ((self._shifts >= 0) & (self._shifts < 31)).all()
        )
        if not fits:
            raise ValueError("a context model of other code books")
        self._entries = np.ascontiguousarray(entries)
        self._views = np.concatenate([view.ravel() for view in views])
        self._bias = np.concatenate(biases)
        self._vectors = np.concatenate(books)

    def coder(self, preset: int, books: int) -> ContextCoder:
        """Return a coder of steps of the first `books` books, at the start of a recording."""
        return ContextCoder(self, preset, books)

    def pack(self, preset: int, books: int) -> kernel.Network:
        """Return what the kernel computes with for a preset."""
        past, age, drive, start = self._small
        first = np.concatenate(([0], np.cumsum(self.sizes)))
        return kernel.Network(
            past, age, drive, start[preset, :books].astype(np.int32), self._entries, self._views, self._bias,
            self._vectors, first[: books + 1], self._shifts,
        )  # fmt: skip


class ContextCoder:
    """Steps of codes to bytes and back, with a memory of what went before.

    Parameters
    ----------
    model : ContextModel
    preset, books : int
        Index of the preset, and how many books it has.
    """

    def __init__(self, model: ContextModel, preset: int, books: int) -> None:
        self._network = model.pack(preset, books)
        self._books = books
        self._memory = np.zeros((2 + len(SLOW), self._network.vectors.shape[1]), np.int32)
        self._age = np.zeros(1, np.int64)

    def reset(self) -> None:
        """Forget what went before, so that what follows can be decoded alone."""
        self._memory[:] = 0
        self._age[:] = 0

    def encode(self, codes: npt.NDArray[np.int16]) -> bytes:
        """Return the bytes of checked `codes` [steps, books], without zeros at their end."""
        room = np.zeros(kernel.MOST_BYTES * codes.size + 16, np.uint8)
        size = kernel.encode(np.ascontiguousarray(codes), room, self._network, self._memory, self._age)
        return room[:size].tobytes().rstrip(b"\0")

    def decode(self, payload: bytes, steps: int) -> npt.NDArray[np.int16]:
        """Return `steps` steps, int16 [steps, books]. Of a damaged payload come codes, too, and never an error."""
        codes = np.zeros((steps, self._books), np.int16)
        kernel.decode(np.frombuffer(payload, np.uint8), codes, self._network, self._memory, self._age)
        return codes

    def bits(self, codes: npt.NDArray[np.int16]) -> npt.NDArray[np.int32]:
        """Return the widths of the intervals that `codes` would be coded by, int32 [steps, books], out of 2**16."""
        widths = np.zeros(codes.shape, np.int32)
        kernel.measure(np.ascontiguousarray(codes), widths, self._network, self._memory, self._age)
        return widths
