"""Edit distance between phone sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def edit_distance(hypothesis: Sequence[int], reference: Sequence[int]) -> int:
    """Minimum number of substitutions, insertions and deletions between two sequences (Levenshtein 1966)."""
    expected = np.asarray(reference)
    steps = np.arange(len(reference) + 1)
    row = steps
    for phone in hypothesis:
        cost = row + 1
        cost[1:] = np.minimum(cost[1:], row[:-1] + (expected != phone))
        # insertions propagate along the row: their best start is a running minimum
        row = np.minimum.accumulate(cost - steps) + steps
    return int(row[-1])
