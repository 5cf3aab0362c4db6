"""A part of a recording, from one time to another."""

import math
from dataclasses import dataclass

from sottovoce.codec.errors import SottoError

ENDLESS = 1 << 80
"""Samples: more than a file can have."""


@dataclass(frozen=True)
class Span:
    """A part of a recording.

    Parameters
    ----------
    start, stop : float
        Seconds from its start; up to its end by default.

    Raises
    ------
    SottoError
        When there can be nothing between them.
    """

    start: float = 0.0
    stop: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and self.start >= 0):
            raise SottoError(f"it cannot begin at {self.start:g} s", "give a time of 0 s or more")
        if not self.stop > self.start:
            raise SottoError(f"there is nothing from {self.start:g} to {self.stop:g} s", "give a later end")

    def at(self, rate: int) -> tuple[int, int]:
        """Return the first sample of it and the one after its last, at a rate in Hz."""
        return round(self.start * rate), ENDLESS if math.isinf(self.stop) else round(self.stop * rate)


def too_early(seconds: float) -> SottoError:
    """Return the error of a recording of so many seconds that ends before a span begins."""
    return SottoError(f"it ends at {seconds:.2f} s, before the time to begin at", "begin earlier")
