"""Means and how sure they are."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000


class Mean(TypedDict):
    """A mean, its 95 % interval, and how many recordings it is of."""

    mean: float
    low: float
    high: float
    count: int


def interval(
    values: Sequence[float | None], speakers: Sequence[str], weights: Sequence[float | None] | None = None
) -> Mean | None:
    """Return the mean and its 95 % bootstrap interval (Efron 1979, percentiles); None where nothing is known.

    Speakers are drawn, not recordings, since those of one speaker go together; of fewer than three speakers,
    recordings.

    Parameters
    ----------
    values : sequence of float or None
        One a recording.
    speakers : sequence of str
        Who speaks in each.
    weights : sequence of float or None, optional
        How much each recording weighs, known wherever its value is. [all alike]
    """
    known = [i for i, value in enumerate(values) if value is not None]
    if not known:
        return None
    numbers = np.array([values[i] for i in known], float)
    _, group = np.unique([speakers[i] for i in known], return_inverse=True)
    if group.max() < 2:
        group = np.arange(len(numbers))
    weight = np.ones(len(known)) if weights is None else np.array([weights[i] for i in known], float)
    drawn = _draws(int(group.max()) + 1)
    means = (drawn @ np.bincount(group, weight * numbers)) / (drawn @ np.bincount(group, weight))
    low, high = np.percentile(means, (2.5, 97.5))
    mean, low, high = (round(float(value), 4) for value in (np.average(numbers, weights=weight), low, high))
    return {"mean": mean, "low": low, "high": high, "count": len(known)}


@lru_cache(maxsize=2)  # of thousands of recordings each takes hundreds of megabytes
def _draws(groups: int) -> NDArray[np.float64]:
    """How often each of some groups was drawn (draws, groups), the same every time."""
    drawn = np.random.default_rng(1).integers(0, groups, (DRAWS, groups))
    return np.stack([np.bincount(row, minlength=groups) for row in drawn]).astype(np.float64)
