"""Options of encoding and decoding whole recordings."""

import math
from dataclasses import dataclass, field

from sottovoce.codec.errors import SottoError
from sottovoce.models.release import Decoder, Release
from sottovoce.models.runtime.stretch import UNIT, fixed_point_speed

ENDLESS = 1 << 80
"""Number of samples that is larger than any file can have."""


@dataclass(frozen=True)
class EncodeOptions:
    """What a file says about its recording, and how the recording is encoded.

    Parameters
    ----------
    samples : int or None
        Length of the recording in samples at the model's rate; None where it is not known beforehand.
    rate : int or None
        Sample rate of the source in Hz, for `info`; None for the model's rate.
    channels : int
        Number of channels of the source, for `info`.
    metadata : bytes or None
        Tags, as `sottovoce.codec.offline.tags.pack` returns them.
    carry_tags : bool
        Whether a recording that is opened as a file gives its tags too; those in `metadata` replace its own.
    dtx : bool
        Whether pauses are coded by repeating one step for up to a second (discontinuous transmission).
    protect : int
        Number of parity records after each group of 16 blocks, 0 to 16: as many lost blocks can be restored.
    packet_steps : int
        Number of steps in each packet of a stream, 1 to 50.
    """

    samples: int | None = None
    rate: int | None = None
    channels: int = 1
    metadata: bytes | None = None
    carry_tags: bool = False
    dtx: bool = False
    protect: int = 0
    packet_steps: int = 1


@dataclass(frozen=True)
class TimeSpan:
    """A part of a recording.

    Parameters
    ----------
    start, stop : float
        Seconds from the start of the recording; by default the part ends where the recording ends.

    Raises
    ------
    SottoError
        When the part would be empty or begins before the recording.
    """

    start: float = 0.0
    stop: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and self.start >= 0):
            raise SottoError(f"it cannot begin at {self.start:g} s", "give a time of 0 s or more")
        if not self.stop > self.start:
            raise SottoError(f"there is nothing from {self.start:g} to {self.stop:g} s", "give a later end")

    def at(self, rate: int) -> tuple[int, int]:
        """Return the first sample of the part and the one after its last, at a rate in Hz."""
        return round(self.start * rate), ENDLESS if math.isinf(self.stop) else round(self.stop * rate)


def too_early(seconds: float) -> SottoError:
    """Return the error for a recording of `seconds` seconds that ends before the requested part begins."""
    return SottoError(f"it ends at {seconds:.2f} s, before the time to begin at", "begin earlier")


@dataclass(frozen=True)
class DecodeOptions:
    """How a file is decoded.

    Parameters
    ----------
    seed : int
        Seed of the random numbers, 0 to 2**64 - 1: the same file and seed give the same samples.
    speed : float
        Speaking rate relative to the recording, 0.5 to 2; the pitch does not change.
    voice : bytes or None
        Voice of the same model to convert the speech to, as `Codec.voice` returns it; None for the voice of the file.
        The first minute of the file is then read before decoding starts.
    span : TimeSpan
        The part to decode, in times of the recording.
    """

    seed: int = 0
    speed: float = 1.0
    voice: bytes | None = None
    span: TimeSpan = field(default_factory=TimeSpan)

    def __post_init__(self) -> None:
        try:
            fixed_point_speed(self.speed)
        except ValueError as error:
            raise SottoError(str(error), "choose another one") from error

    def decoder(self, model: Release, speaker: bytes) -> Decoder:
        """Return a decoder of `model` for a file with the speaker vector `speaker`."""
        try:
            return model.decoder(speaker, self.seed, speed=self.speed)
        except ValueError as error:
            raise SottoError(str(error), "get the file again") from error

    def output_length(self, samples: int) -> int:
        """Return the number of output samples for `samples` input samples at this speed."""
        return -(-samples * UNIT // fixed_point_speed(self.speed))

    def output_length_between(self, start: int, stop: int, samples: int) -> int:
        """Return the number of output samples for the part from `start` to `stop` of a recording of `samples`."""
        return max(0, self.output_length(min(samples, stop)) - self.output_length(start))


ENCODE_DEFAULTS = EncodeOptions()
DECODE_DEFAULTS = DecodeOptions()
