"""How a file is spoken: chance, speed, voice, and which part."""

import math
from dataclasses import dataclass, field

from sottovoce.codec.errors import SottoError
from sottovoce.models.release import Decoder, Release
from sottovoce.models.runtime.stretch import UNIT, pace_of

ENDLESS = 1 << 80
"""Samples: more than a file can have."""


@dataclass(frozen=True)
class TimeSpan:
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


@dataclass(frozen=True)
class Delivery:
    """How a file is spoken.

    Parameters
    ----------
    seed : int
        Of the random numbers, 0 to 2**64 - 1: the same file and seed give the same samples.
    speed : float
        0.5 to 2, in the same pitch.
    speaker : bytes or None
        A voice of the same model, as `Codec.speaker` tells it, for speech in that of another; None for the file's own.
        The file's first minute is then read before anything is spoken.
    span : TimeSpan
        The part of it that is spoken, in times of the recording.
    """

    seed: int = 0
    speed: float = 1.0
    speaker: bytes | None = None
    span: TimeSpan = field(default_factory=TimeSpan)

    def __post_init__(self) -> None:
        try:
            pace_of(self.speed)
        except ValueError as error:
            raise SottoError(str(error), "choose another one") from error

    def decoder(self, model: Release, speaker: bytes) -> Decoder:
        """Return a decoder for a file in the voice of `speaker`."""
        try:
            return model.decoder(speaker, self.seed, speed=self.speed)
        except ValueError as error:
            raise SottoError(str(error), "get the file again") from error

    def length(self, samples: int) -> int:
        """Return how many samples become of so many."""
        return -(-samples * UNIT // pace_of(self.speed))

    def given(self, samples: int, start: int, stop: int) -> int:
        """Return how many become of those from `start` to `stop`, of a recording of so many."""
        return max(0, self.length(min(samples, stop)) - self.length(start))


AS_RECORDED = Delivery()
"""In its own voice and at its own speed, all of it."""
