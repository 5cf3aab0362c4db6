"""How many phones were heard wrongly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def edits(heard: Sequence[int], truth: Sequence[int]) -> int:
    """The fewest phones to replace, insert or leave out that turn one sequence into the other (Levenshtein 1966)."""
    said = np.asarray(truth)
    steps = np.arange(len(truth) + 1)
    row = steps
    for phone in heard:
        cost = row + 1
        cost[1:] = np.minimum(cost[1:], row[:-1] + (said != phone))
        # insertions run along the row: the cheapest place to begin them is a running minimum
        row = np.minimum.accumulate(cost - steps) + steps
    return int(row[-1])
