"""Spectral distances in dB: mel-cepstral distortion, and log-spectral distance of the whole band and above 4 kHz.

They are averaged over the frames in which the reference is active. Alignment has removed the constant delay of the
codec, so frames are compared one to one, without time warping.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import RATE, Wave
from sottovoce.models.features import BANDS, frames, hann, mel_matrix

COEFFICIENTS = 13  # c1 to c13; c0, the loudness, is excluded
FFT = 512  # samples, 32 ms
MARGIN = 40.0  # dB below the loudest frame, down to which a frame of the reference is active (as in STOI)
FLOOR = 70.0  # dB below the loudest bin of the reference: weaker bins are inaudible and raised to this
HIGH_BAND = 4000  # Hz, above which the distance of the high band is measured


class Spectra(NamedTuple):
    """Spectra of active frames: power in dB (frames, 257) and mel-cepstra c1..c13 (frames, 13)."""

    decibels: NDArray[np.float64]
    cepstra: NDArray[np.float64]


class SpectralDistances(NamedTuple):
    """Distances in dB, averaged over active frames.

    Attributes
    ----------
    mcd : float
        Mel-cepstral distortion: 10 √2 / ln 10 · √Σ (c_m - c'_m)², m = 1..13 (Kubichek 1993), of the cepstrum with
        ln |H(ω)| = c_0 + Σ c_m cos mω on the mel scale (that of minimum phase), from 80 mel bands.
    lsd : float
        Log-spectral distance: √mean over frequency of (20 log10 |X| / |Y|)² (Gray and Markel 1976).
    lsd_high : float
        The same over the bins above 4 kHz: how well the upper band of wideband speech is kept.
    """

    mcd: float
    lsd: float
    lsd_high: float


class Speech(NamedTuple):
    """Spectra of the active frames of a reference.

    Attributes
    ----------
    spectra : Spectra
        Of the active frames.
    active : ndarray of bool [frames]
        True where a frame is active.
    floor : float
        Lowest power of a bin; weaker bins are raised to it.
    """

    spectra: Spectra
    active: NDArray[np.bool_]
    floor: float


def listen(reference: Wave) -> Speech | None:
    """Compute the spectra of a reference; None for silence."""
    power = _power(reference)
    if not power.any():
        return None
    loudness = power.sum(1)
    active = loudness > loudness.max() * 10 ** (-MARGIN / 10)
    floor = float(power.max() * 10 ** (-FLOOR / 10))
    return Speech(_spectra(power[active], floor), active, floor)


def distances(speech: Speech, decoded: Wave) -> SpectralDistances:
    """Return the distances between a reference and an aligned wave of its length."""
    spectra = _spectra(_power(decoded)[speech.active], speech.floor)
    cepstral = ((speech.spectra.cepstra - spectra.cepstra) ** 2).sum(1)
    squared = (speech.spectra.decibels - spectra.decibels) ** 2
    high = squared[:, HIGH_BAND * FFT // RATE + 1 :]
    mcd = 10 * np.sqrt(2) / np.log(10) * np.sqrt(cepstral).mean()
    return SpectralDistances(float(mcd), *(float(np.sqrt(band.mean(1)).mean()) for band in (squared, high)))


def _power(wave: Wave) -> NDArray[np.float64]:
    """Power spectra (frames, 257), 100 a second, Hann windows of 32 ms."""
    framed = frames(wave)
    beside = (framed.shape[1] - FFT) // 2
    return np.abs(np.fft.rfft(framed[:, beside : beside + FFT] * hann(FFT).astype(np.float64))) ** 2


def _spectra(power: NDArray[np.float64], floor: float) -> Spectra:
    bands = power @ mel_matrix().T.astype(np.float64)
    amplitudes = np.log(np.maximum(bands, floor)) / 2
    order, band = np.arange(1, COEFFICIENTS + 1), np.arange(BANDS)[:, None] + 0.5
    cosines = np.cos(np.pi * band * order / BANDS) * 2 / BANDS
    return Spectra(10 * np.log10(np.maximum(power, floor)), amplitudes @ cosines)
