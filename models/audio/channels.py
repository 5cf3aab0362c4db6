"""From channels to mono: offsets are removed, and channels without speech do not count.

Channels are averaged, unless some of them are silent, hum or hiss while others carry speech, or one is the inverse of
another: their average would be too soft, noisy or silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sottovoce.models.errors import SottoError

LOUDEST = 16.0
"""Magnitude of float samples that programs may give: more are integers that were not scaled."""

LOUDEST_IN_FILES = 2.0**32
"""Magnitude of float samples in files, which are scaled: more are damage."""

_FRAME_SECONDS = 0.02
_FEWEST_FRAMES = 25
"""Half a second: less is too little to tell hum from speech."""

_SPEECH_SWING_DB, _STEADY_SWING_DB = 15.0, 6.0
"""By how much loud frames exceed soft ones: more than the first in speech, less than the second in hum and noise."""

_DEAD_DB = 40.0
"""A channel that is softer by so much than the loudest one is dead."""

_INVERSE = -0.5
"""Correlation below which a channel is the inverse of another."""

_OFFSET_SHARE = 0.01
"""Power of an offset that is removed, as a share of that of the sound. Smaller ones do no harm."""

_MOST_COMPARED = 8
"""Channels that are compared with each other."""


@dataclass(frozen=True)
class ChannelMix:
    """How channels become one.

    Parameters
    ----------
    weights : ndarray of float64 [shape=(channels,)]
        Factors of the channels; None for the plain average.
    offsets : ndarray of float64 [shape=(channels,)]
        What is subtracted before.
    scale : float
        Factor that keeps floats of more than full scale from being clipped.
    warnings : list of str
        What the user should know.
    """

    weights: npt.NDArray[np.float64] | None = None
    offsets: npt.NDArray[np.float64] | None = None
    scale: float = 1.0
    warnings: list[str] = field(default_factory=list)

    def __call__(self, block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a block (n, channels) as mono (n,), float32 of full scale 1."""
        wave: npt.NDArray = block
        if self.offsets is not None:
            wave = wave - self.offsets
        wave = wave.mean(axis=1) if self.weights is None else wave @ self.weights
        if self.scale != 1:
            wave = wave * self.scale
        return np.clip(wave, -1, 1).astype(np.float32)


class ChannelStatistics:
    """What a first reading of a recording shows of its channels.

    Parameters
    ----------
    rate, channels : int

    Attributes
    ----------
    frames : int
        Samples per channel so far.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.frames = 0
        self._size = max(1, round(_FRAME_SECONDS * rate))
        self._sum = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._peak = np.zeros(channels)
        self._products = np.zeros((channels, channels)) if 1 < channels <= _MOST_COMPARED else None
        self._powers: list[npt.NDArray[np.float64]] = []  # variance in frames, for channels to be compared
        self._rest = np.zeros((0, channels), np.float32)

    def push(self, block: npt.NDArray[np.float32]) -> None:
        """Take a block (n, channels).

        Raises
        ------
        SottoError
            When samples are not finite.
        """
        check_finite(block)
        self.frames += len(block)
        exact = block.astype(np.float64)
        self._sum += exact.sum(0)
        self._squares += np.square(exact).sum(0)
        self._peak = np.maximum(self._peak, np.abs(block).max(0, initial=0))
        if self._products is not None:
            self._products += exact.T @ exact
            whole = np.concatenate((self._rest, block))
            count = len(whole) // self._size
            framed, self._rest = np.split(whole, [count * self._size])
            if count:
                self._powers.append(framed.reshape(count, self._size, -1).var(1, dtype=np.float64))

    def mix(self) -> ChannelMix:
        """Return how the channels become one."""
        if (loudest := self._peak.max(initial=0)) > LOUDEST_IN_FILES:
            raise SottoError(f"samples reach {loudest:.6g}, full scale is 1", "repair the recording")
        mean = self._sum / max(1, self.frames)
        variance = np.maximum(0, self._squares / max(1, self.frames) - mean**2)
        wrong = (mean**2 > _OFFSET_SHARE * variance) & (self.frames >= 5 * self._size)
        offsets = np.where(wrong, mean, 0.0)
        peak = float((self._peak + np.abs(offsets)).max(initial=0)) if (self._peak > 1).any() else 1.0
        warnings = ["its samples are beside zero; the offset was removed"] if wrong.any() else []
        weights = self._weights(warnings)
        return ChannelMix(weights, offsets if wrong.any() else None, 1 / max(1.0, peak), warnings)

    def _weights(self, warnings: list[str]) -> npt.NDArray[np.float64] | None:
        if self._products is None or not self.frames:
            return None
        kept = self._with_speech()
        mean = self._sum / self.frames
        covariance = self._products / self.frames - np.outer(mean, mean)
        power = np.where(kept, covariance.diagonal(), 0)
        loudest = int(power.argmax())
        correlation = covariance[loudest] / np.maximum(np.sqrt(power * power[loudest]), 1e-20)
        inverse = kept & (correlation < _INVERSE)
        if kept.all() and not inverse.any():
            return None
        if not kept.all():
            warnings.append(f"{_named(~kept)} without speech, left out")
        if inverse.any():
            warnings.append(f"{_named(inverse)} the inverse of another, turned over")
        return np.where(inverse, -1.0, 1.0) * kept / kept.sum()

    def _with_speech(self) -> npt.NDArray[np.bool_]:
        """Return which channels count."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros((0, len(self._sum)))
        if len(powers) < _FEWEST_FRAMES:
            return np.ones(len(self._sum), bool)
        loud, soft = 10 * np.log10(np.quantile(powers, (0.95, 0.2), axis=0) + 1e-12)
        alive = loud > loud.max() - _DEAD_DB
        speech = alive & (loud - soft >= _SPEECH_SWING_DB)
        steady = loud - soft < _STEADY_SWING_DB
        return alive & ~steady if speech.any() else alive


def check_finite(block: npt.NDArray) -> None:
    """Refuse samples that are not finite numbers."""
    if not np.isfinite(block).all():
        raise SottoError("some samples are not numbers or infinite", "repair the recording")


def scaled(wave: npt.ArrayLike) -> npt.NDArray:
    """Return samples of full scale 1: floats as they are, integers scaled by their range.

    Raises
    ------
    SottoError
        When they are neither, are not finite or far beyond full scale.
    """
    array = np.asarray(wave)
    if array.dtype.kind == "i" and array.dtype.itemsize <= 4:
        array = array / -float(np.iinfo(array.dtype).min)
    elif array.dtype.kind != "f":
        raise SottoError(f"samples of type {array.dtype}", "give floats, or integers of 8, 16 or 32 bits")
    if array.ndim not in (1, 2):
        raise SottoError(f"samples of shape {array.shape}", "give [samples] or [samples, channels]")
    check_finite(array)
    if array.size and np.abs(array).max() > LOUDEST:
        raise SottoError(f"samples reach {np.abs(array).max():.6g}, full scale is 1", "scale them to between -1 and 1")
    return array


def mono(wave: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return a block [samples] or [samples, channels] of a stream as mono: averaged, and clipped to full scale.

    Raises
    ------
    SottoError
        See `scaled`.
    """
    array = scaled(wave)
    if array.ndim == 2:
        array = array.mean(axis=1)
    return np.clip(array, -1, 1).astype(np.float32)


def mixed(wave: npt.ArrayLike, rate: int) -> npt.NDArray[np.float32]:
    """Return a whole recording [samples] or [samples, channels] as mono, with the channels weighted by speech.

    Raises
    ------
    SottoError
        See `scaled`.
    """
    array = scaled(wave)
    block = np.atleast_2d(array.astype(np.float32).T).T
    statistics = ChannelStatistics(rate, block.shape[1])
    statistics.push(block)
    mix = statistics.mix()
    plain = mix.weights is None and mix.offsets is None and mix.scale == 1
    return mono(wave) if plain else mix(block)


def _named(which: npt.NDArray[np.bool_]) -> str:
    numbers = [str(number) for number in np.flatnonzero(which) + 1]
    if len(numbers) == 1:
        return f"channel {numbers[0]} is"
    return f"channels {', '.join(numbers[:-1])} and {numbers[-1]} are"
