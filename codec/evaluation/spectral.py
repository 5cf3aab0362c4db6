"""How far spectra are apart: mel-cepstral distortion and log-spectral distance, both in dB.

Both are of frames in which the reference speaks; alignment has removed the codec's constant delay, so frame belongs to
frame and nothing is warped.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.models.features import BANDS, frames, hann, mel_matrix

COEFFICIENTS = 13  # c1 to c13: c0, the loudness, is left out
FFT = 512  # samples, 32 ms
MARGIN = 40.0  # dB under the loudest frame, down to which the reference is said to speak (as in STOI)
FLOOR = 70.0  # dB under the reference's loudest bin: less than that nobody hears


class Spectra(NamedTuple):
    """What is compared: dB spectra (frames, 257) and mel-cepstra c1..c13 (frames, 13)."""

    decibels: NDArray[np.float64]
    cepstra: NDArray[np.float64]


class Speech(NamedTuple):
    """The reference's spectra, where it speaks, and its loudest bin, from which both floors count.

    Attributes
    ----------
    spectra : Spectra
        Of the frames in which there is speech.
    active : ndarray of bool [frames]
        Which those are.
    floor : float
        Power under which nothing counts.
    """

    spectra: Spectra
    active: NDArray[np.bool_]
    floor: float


def listen(reference: Wave) -> Speech | None:
    """Prepare a reference; None for silence."""
    power = _power(reference)
    if not power.any():
        return None
    loudness = power.sum(1)
    active = loudness > loudness.max() * 10 ** (-MARGIN / 10)
    floor = float(power.max() * 10 ** (-FLOOR / 10))
    return Speech(_spectra(power[active], floor), active, floor)


def distances(speech: Speech, decoded: Wave) -> tuple[float, float]:
    """Return mel-cepstral distortion and log-spectral distance of an aligned wave of the reference's length.

    Returns
    -------
    mcd : float
        10 √2 / ln 10 · √Σ (c_m - c'_m)², m = 1..13, averaged over frames (Kubichek 1993), of the cepstrum that says
        ln |H(ω)| = c_0 + Σ c_m cos mω on the mel scale (that of minimum phase), from 80 mel bands.
    lsd : float
        √mean over frequency of (20 log10 |X| / |Y|)², averaged over frames (Gray and Markel 1976).
    """
    got = _spectra(_power(decoded)[speech.active], speech.floor)
    cepstral = ((speech.spectra.cepstra - got.cepstra) ** 2).sum(1)
    spectral = ((speech.spectra.decibels - got.decibels) ** 2).mean(1)
    return float(10 * np.sqrt(2) / np.log(10) * np.sqrt(cepstral).mean()), float(np.sqrt(spectral).mean())


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
