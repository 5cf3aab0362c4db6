"""Search of residual code books: latents -> codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.runtime.layers import Array

# Paths that the search keeps. On speakers held out of training, 8 instead of 1 took the decoded log-mel's weighted L1
# from .763 to .751 with 3 books and from .604 to .588 with 7; the codes cost the same.
BEAM = 8
GROUPS = 64  # of the values among which the lowest are sought; a partition of all takes longer
ROWS = 64  # latents that are searched at a time: the errors of more do not fit in the cache


class Quantizer:
    """M-search of residual code books: keeps the best few sums of entries after each book.

    Greedy search, which takes the nearest entry of each book in turn, commits itself too early: an entry farther off
    may leave a residual that the next books represent better (M-search; Barnes, Rizvi and Nasrabadi 1996, "Advances in
    residual vector quantization: a review", IEEE Trans. Image Processing 5(2)). With a beam of 1, or one book, the two
    are the same.

    Parameters
    ----------
    books : list of ndarray [shape=(entries, size)]
        Only those whose codes are sent: the best codes of three books are not the first three of fourteen.
    beam : int
        Number of sums to keep.
    """

    def __init__(self, books: list[Array], beam: int = BEAM):
        self.beam = beam
        self.books = [book.astype(np.float32) for book in books]
        self.norms = [(book**2).sum(1) for book in self.books]
        self.slopes = [np.ascontiguousarray(-2 * book.T) for book in self.books]

    def first(self, count: int | None) -> Quantizer:
        """Return the same search of the first `count` books; None is all."""
        return Quantizer(self.books[:count], self.beam)

    def __call__(self, latents: NDArray[np.float32]) -> NDArray[np.int16]:
        """Quantise latents.

        Parameters
        ----------
        latents : ndarray of float32 [shape=(size,) or (n, size)]

        Returns
        -------
        ndarray of int16 [shape=(books,) or (n, books)]
            An entry of each book. Of entries that are equally near, the first.
        """
        rows = np.atleast_2d(latents)
        codes = np.empty((len(rows), len(self.books)), np.int16)
        for start in range(0, len(rows), ROWS):
            codes[start : start + ROWS] = self._search(rows[start : start + ROWS])
        return codes[0] if latents.ndim == 1 else codes

    def _search(self, latents: NDArray[np.float32]) -> NDArray[np.int16]:
        count = len(latents)
        residuals = latents  # (n x paths, size)
        errors = np.zeros((count, 1), np.float32)  # (n x paths, 1), less the square of the latent
        codes = np.zeros((count, 0), np.int16)  # (n x paths, books so far)
        for book, norm, slope in zip(self.books, self.norms, self.slopes, strict=True):
            reached = residuals @ slope
            reached += norm
            reached += errors
            choices = reached.reshape(count, -1)
            best = (lowest(choices, self.beam) + np.arange(0, choices.size, choices.shape[1])[:, None]).ravel()
            paths, entries = np.divmod(best, len(book))
            residuals, errors = residuals[paths] - book[entries], reached.ravel()[best, None]
            codes = np.concatenate((codes[paths], entries[:, None].astype(np.int16)), 1)
        return codes.reshape(count, -1, codes.shape[1])[:, 0]


def lowest(values: Array, count: int) -> NDArray[np.intp]:
    """Find the `count` lowest values of each row.

    Parameters
    ----------
    values : ndarray [shape=(n, m)]
    count : int

    Returns
    -------
    ndarray of intp [shape=(n, min(count, m))]
        Their places in rising order of values; of equal ones the first come first.
    """
    size = values.shape[1]
    if not size >= GROUPS >= count:
        return np.argsort(values, axis=1, kind="stable")[:, :count]
    # No fewer than `count` values lie at or below the count-th lowest of the groups' minima: few are left to sort.
    minima = values[:, : size // GROUPS * GROUPS].reshape(len(values), -1, GROUPS).min(1)
    limits = np.sort(minima, axis=1)[:, count - 1]
    if len(values) == 1:  # as streams have it
        places = np.flatnonzero(values[0] <= limits)
        return places[np.argsort(values[0, places], kind="stable")[:count]][None]
    rows, places = np.divmod(np.flatnonzero(values <= limits[:, None]), size)
    order = np.lexsort((values[rows, places], rows))
    starts = np.searchsorted(rows, np.arange(len(values)))
    return places[order[starts[:, None] + np.arange(count)]]
