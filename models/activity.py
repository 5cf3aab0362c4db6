"""Speech activity: which parts of a recording are speech, and which are noise, beeps, rings, thumps and clicks.

Sound that rises above the background is cut into runs. A run that is short and alone is a thump or a click, one with a
steady or concentrated spectrum a beep or a ring, one with a steady level noise. The others count as speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sottovoce.models.features import HOP, hann

FRAME = 2 * HOP
"""Samples of a frame of the analysis: 20 ms."""

_FFT = 512
_BAND = slice(4, 224)
"""Bins that count, 125 Hz to 7 kHz: neither hum nor what microphones add below speech."""

_LOWEST_DB = -115.0
"""Power in dB relative to the peak below which there is silence."""

_RISE_DB = 7.0
"""By how much a run exceeds the background."""

_SMOOTH_FRAMES = 4
_BACKGROUND_FRAMES = 100
"""Frames before and after one in which the background is looked for, as the lowest smoothed power."""

_BRIDGED_FRAMES = 10
"""Pauses of up to 200 ms are inside a run, as in ITU-T P.56."""

_SHORTEST_FRAMES = 8
"""A run with less sound is a thump or a click."""

_LAGS = (5, 6, 8, 10)
_STEADY_SIMILARITY = 0.975
"""Cosine of the magnitude spectra of frames 100 to 200 ms apart that only tones exceed, but for a few vowels."""

_CONCENTRATION = 0.97
"""Share of the power in one spectral line that only whistles and beeps exceed, but for a few vowels."""

_TONAL_SHARE = 0.6
_STEADY_SWING_DB = 5.0
"""The level of noise changes by less than this within a run of _STEADY_FRAMES and more."""

_STEADY_FRAMES = 15

_BEEP_FRAMES = 16
"""Tonal frames in a row that no speech has."""


@dataclass(frozen=True)
class Run:
    """A stretch of sound above the background.

    Parameters
    ----------
    start, stop : int [samples]
        Where it begins and ends.
    speech : bool
        Whether it counts as speech.
    """

    start: int
    stop: int
    speech: bool


def find_runs(wave: ArrayLike) -> list[Run]:
    """Return the stretches of sound above the background.

    Parameters
    ----------
    wave : array_like [shape=(n,)]
        16 kHz, full scale 1, at any level.
    """
    samples = np.asarray(wave, np.float32)
    if not (peak := np.abs(samples).max(initial=0)):
        return []
    samples = samples / peak  # so that the softest speech is found like any
    spectra = _spectra(samples)
    power = 10 * np.log10(np.square(spectra).sum(1, dtype=np.float64) + 10 ** (_LOWEST_DB / 10))
    active = _active(power)
    tonal = _tonal(spectra)
    beeps = _long(active & tonal)  # also those that begin where speech ends
    runs = [Run(start * FRAME, min(stop * FRAME, len(samples)), False) for start, stop in _bridged(beeps)]
    active = active & ~beeps
    for start, stop in _bridged(active):
        inside = slice(start, stop)
        sounding = active[inside]
        speech = (
            sounding.sum() >= _SHORTEST_FRAMES
            and tonal[inside][sounding].mean() < _TONAL_SHARE
            and not _steady(power[inside])
        )
        runs.append(Run(start * FRAME, min(stop * FRAME, len(samples)), bool(speech)))
    return sorted(runs, key=lambda run: run.start)


def speech_in(wave: NDArray[np.float32], runs: list[Run]) -> NDArray[np.float32]:
    """Return the speech of a wave [shape=(n,)] in one piece, which may be empty."""
    return np.concatenate([wave[:0], *(wave[run.start : run.stop] for run in runs if run.speech)])


def _spectra(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitude spectra of frames, scaled so that the sum of squares is the mean square of the samples."""
    count = -(-len(wave) // FRAME)
    before = (_FFT - FRAME) // 2
    padded = np.zeros(before + max(count * FRAME, len(wave)) + _FFT, np.float32)
    padded[before : before + len(wave)] = wave
    framed = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[: count * FRAME : FRAME]
    spectra = np.abs(np.fft.rfft(framed * _window())[:, _BAND])
    return spectra.astype(np.float32)


@cache
def _window() -> NDArray[np.float32]:
    window = hann(_FFT)
    return (window * np.sqrt(2 / (_FFT * np.square(window).sum()))).astype(np.float32)


def _active(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which frames exceed the background, from their power in dB."""
    around = np.pad(power, _SMOOTH_FRAMES // 2, mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(around, _SMOOTH_FRAMES + 1).mean(1)
    background = -_running_max(-smooth, _BACKGROUND_FRAMES)
    return power > background + _RISE_DB


def _running_max(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the largest value within `reach` values before and after each one (van Herk 1992)."""
    width = 2 * reach + 1
    count = -(-(len(values) + 2 * reach) // width)
    padded = np.full(count * width, -np.inf)
    padded[reach : reach + len(values)] = values
    blocks = padded.reshape(count, width)
    ahead = np.maximum.accumulate(blocks, 1).ravel()
    behind = np.maximum.accumulate(blocks[:, ::-1], 1)[:, ::-1].ravel()
    return np.maximum(behind[: len(values)], ahead[width - 1 : width - 1 + len(values)])


def _tonal(spectra: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which frames have a steady spectrum, or all power in one line."""
    power = np.square(spectra)
    total = np.maximum(power.sum(1), 1e-20)
    unit = spectra / np.sqrt(total)[:, None]
    steady = np.zeros(len(spectra), bool)
    for lag in _LAGS:
        if len(unit) > lag:
            alike = np.einsum("ij,ij->i", unit[lag:], unit[:-lag]) > _STEADY_SIMILARITY
            steady[lag:] |= alike
            steady[:-lag] |= alike
    line = np.pad(power, ((0, 0), (2, 2)))
    peak = power.argmax(1)[:, None] + np.arange(5)
    concentrated = np.take_along_axis(line, peak, 1).sum(1) > _CONCENTRATION * total
    return steady | concentrated


def _bridged(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first frame and end of runs of active frames, across short pauses."""
    frames = np.flatnonzero(active)
    if not len(frames):
        return []
    gaps = np.flatnonzero(np.diff(frames) > _BRIDGED_FRAMES + 1)
    starts = frames[np.concatenate(([0], gaps + 1))]
    stops = frames[np.concatenate((gaps, [len(frames) - 1]))] + 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _long(tonal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the frames in stretches of at least _BEEP_FRAMES tonal ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], tonal, [0]))))
    found = np.zeros(len(tonal), bool)
    for start, stop in edges.reshape(-1, 2):
        if stop - start >= _BEEP_FRAMES:
            found[start:stop] = True
    return found


def _steady(power: NDArray[np.float64]) -> bool:
    if len(power) < _STEADY_FRAMES:
        return False
    loud, soft = np.quantile(power, (0.9, 0.2))
    return bool(loud - soft < _STEADY_SWING_DB)
