"""Linear channels between a talker and the encoder: a reverberant room, and the band of a telephone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.conditions.base import Condition
from sottovoce.codec.evaluation.peers.base import RATE, Wave
from sottovoce.codec.evaluation.references import ReferenceRecording

DIRECT_TO_REVERBERANT = 0.0
"""Ratio in dB of direct sound to reverberation."""

BANDS = {"telephone": (300.0, 3400.0)}
"""Lowest and highest frequency in Hz of each band; that of telephones is of ITU-T G.712."""

TAPS = 511
"""Length of the band filters."""


@dataclass(frozen=True)
class Reverberation:
    """A room: direct sound, then noise that decays by 60 dB in a time (Moorer 1979), as strong as the direct sound.

    Parameters
    ----------
    seconds : float
        Reverberation time.
    """

    seconds: float

    def condition(self) -> Condition:
        """Return the condition of this room.

        Raises
        ------
        SottoError
            When there is no such room.
        """
        if not 0 < self.seconds <= 10:
            raise SottoError(f"no reverberation of {self.seconds:g} s", "give times above 0 and up to 10 s")
        title = f"reverberation, {self.seconds:g} s"
        key, kind = f"reverb-{self.seconds:g}", "reverberation"
        return Condition(key, kind, title, self.seconds, "s reverberation time", 0.0, self)

    def identity(self, recordings: Sequence[ReferenceRecording]) -> str:
        """Return the reverberation time."""
        return f"reverb 1 {self.seconds:g}"

    def response(self) -> Wave:
        """Return the impulse response of the room."""
        time = np.arange(1, round(self.seconds * RATE) + 1) / RATE
        tail = np.random.default_rng(1).normal(size=len(time)) * 10 ** (-3 * time / self.seconds)
        tail *= 10 ** (-DIRECT_TO_REVERBERANT / 20) / np.sqrt(np.sum(tail**2))
        return np.concatenate([[1.0], tail]).astype(np.float32)

    def __call__(self, wave: Wave, recording: ReferenceRecording, others: Sequence[ReferenceRecording]) -> Wave:
        """Return the recording in the room, at its own power."""
        wet = _convolved(wave, self.response())[: len(wave)]
        return (wet * np.sqrt(np.sum(wave**2) / (np.sum(wet**2) + 1e-12))).astype(np.float32)


@dataclass(frozen=True)
class Band:
    """A band to which the recording is limited, by a filter of linear phase without delay.

    Parameters
    ----------
    name : str
        One of `BANDS`.
    """

    name: str

    def condition(self) -> Condition:
        """Return the condition of this band.

        Raises
        ------
        SottoError
            When there is no such band.
        """
        if self.name not in BANDS:
            raise SottoError(f"no band named {self.name!r}", f"choose one of {', '.join(BANDS)}")
        low, high = BANDS[self.name]
        title = f"{self.name} band, {low:.0f} to {high:.0f} Hz"
        return Condition(f"band-{self.name}", f"{self.name} band", title, degradation=self)

    def identity(self, recordings: Sequence[ReferenceRecording]) -> str:
        """Return the band."""
        return f"band 1 {BANDS[self.name]}"

    def response(self) -> Wave:
        """Return the impulse response of the filter: a windowed difference of two sinc functions."""
        low, high = BANDS[self.name]
        n = np.arange(TAPS) - TAPS // 2
        ideal = 2 * high / RATE * np.sinc(2 * high / RATE * n) - 2 * low / RATE * np.sinc(2 * low / RATE * n)
        return (ideal * np.hamming(TAPS)).astype(np.float32)

    def __call__(self, wave: Wave, recording: ReferenceRecording, others: Sequence[ReferenceRecording]) -> Wave:
        """Return the recording in this band."""
        return _convolved(wave, self.response())[TAPS // 2 :][: len(wave)]


def _convolved(wave: Wave, response: Wave) -> Wave:
    size = 1 << (len(wave) + len(response)).bit_length()
    product = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(response, size), size)
    return product[: len(wave) + len(response) - 1].astype(np.float32)
