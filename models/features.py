"""Input features of the networks, in numpy: mu-law classes, log-mel, MFCC and a correlogram for pitch.

All frame features have a hop of 160 samples (100 Hz at 16 kHz). Frame ``i`` is centred on sample ``160 i + 80``, so
that one second has exactly 100 frames. The torch networks use the same matrices (training/spectra.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE = 16000
HOP = 160
WINDOW = 400  # 25 ms
REACH = 320  # half width of a frame: samples before and after its centre
BANDS = 80
LAGS = 64
MEL_FLOOR = 1e-5

Array = NDArray[np.float32]


# ---------------------------------------------------------------- samples
def mu_law_encode(x: ArrayLike, mu: int = 255) -> NDArray[np.int64]:
    """Mu-law companding (the continuous form of ITU-T G.711) and quantisation.

    Parameters
    ----------
    x : array_like
        Samples in [-1, 1]; values outside are clipped.
    mu : int
        Companding constant and largest class.

    Returns
    -------
    ndarray of int64
        Classes 0..mu, of the shape of `x`.
    """
    x = np.clip(np.asarray(x, np.float64), -1, 1)
    y = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
    return np.floor((y + 1) / 2 * mu + 0.5).astype(np.int64)


def mu_law_decode(index: ArrayLike, mu: int = 255) -> NDArray[np.float64]:
    """Samples in [-1, 1] (float64) from classes 0..mu; inverse of `mu_law_encode` up to quantisation."""
    y = 2 * np.asarray(index, np.float64) / mu - 1
    return np.sign(y) * np.expm1(np.abs(y) * np.log1p(mu)) / mu


# ---------------------------------------------------------------- frames
def frames(wave: ArrayLike) -> Array:
    """Cut a wave into overlapping, centred frames.

    Parameters
    ----------
    wave : array_like [shape=(n,)]

    Returns
    -------
    ndarray of float32 [shape=(ceil(n / 160), 640)]
        Zero-padded at both ends; a read-only view.
    """
    wave = np.asarray(wave, np.float32)
    count = -(-len(wave) // HOP)
    padded = np.zeros(count * HOP + 2 * REACH - HOP, np.float32)
    padded[REACH - HOP // 2 : REACH - HOP // 2 + len(wave)] = wave
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH)[::HOP]


def _hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel scale: linear to 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) * 27 / np.log(6.4))


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


@cache
def mel_matrix(bands: int = BANDS, low: float = 40.0, high: float = 8000.0, fft: int = 512) -> Array:
    """Triangular mel filters with unit peak, equal to librosa.filters.mel(norm=None).

    Parameters
    ----------
    bands : int
    low, high : float, Hz
        Band edges of the filter bank.
    fft : int
        FFT length in samples.

    Returns
    -------
    ndarray of float32 [shape=(bands, fft / 2 + 1)]
    """
    edges = _mel_to_hz(np.linspace(_hz_to_mel(np.array(low)), _hz_to_mel(np.array(high)), bands + 2))
    bins = np.arange(fft // 2 + 1) * SAMPLE_RATE / fft
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@cache
def hann(length: int) -> Array:
    """Periodic Hann window, float32 [shape=(length,)]."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


@cache
def _fourier_matrices(length: int, fft: int, first: int, last: int) -> tuple[Array, Array]:
    """Cosines and sines (length / 2, bins) of bins `first` to `last`, times the right half of a Hann window."""
    offsets, bins = np.arange(length // 2)[:, None], np.arange(first, last + 1)
    window = hann(length).astype(np.float64)[length // 2 :, None]
    cosines, sines = (window * wave(2 * np.pi * offsets * bins / fft) for wave in (np.cos, np.sin))
    cosines[0] /= 2  # the sum of both halves has the middle sample twice
    return cosines.astype(np.float32), sines.astype(np.float32)


def power_spectrum(framed: Array, length: int, fft: int, first: int, last: int) -> Array:
    """Power spectrum of the middle of frames under a Hann window.

    Matrix products over the even and the odd part of each frame: for these sizes they take a third of the time of FFTs.

    Parameters
    ----------
    framed : ndarray of float32 [shape=(n, 640)]
    length : int [samples]
        Of the window.
    fft : int
        FFT length whose bins these are.
    first, last : int
        The bins.

    Returns
    -------
    ndarray of float32 [shape=(n, last - first + 1)]
    """
    cosines, sines = _fourier_matrices(length, fft, first, last)
    right, left = framed[:, REACH : REACH + length // 2], framed[:, REACH : REACH - length // 2 : -1]
    power = ((right + left) @ cosines).astype(np.float32, copy=False)
    odd = ((right - left) @ sines).astype(np.float32, copy=False)
    power *= power
    odd *= odd
    power += odd
    return power


def log_mel(framed: Array) -> Array:
    """Natural log of the power in 80 mel bands, from frames (n, 640): float32 [shape=(n, 80)]."""
    return np.log(power_spectrum(framed, WINDOW, 512, 0, 256) @ mel_matrix().T + np.float32(MEL_FLOOR))


# ---------------------------------------------------------------- pitch
CORRELOGRAM_BINS = 224  # of a 1024-point FFT: up to 3.5 kHz, the range of clear harmonics
CORRELOGRAM_POWER = 0.33  # exponent of the power spectrum: reduces the influence of formants


@cache
def lag_matrix() -> Array:
    """Cosines (bins, lags) from a spectrum to its autocorrelation at 64 log-spaced lags of 600 to 60 Hz."""
    lags = SAMPLE_RATE / np.geomspace(600, 60, LAGS)
    return np.cos(2 * np.pi * np.arange(1, CORRELOGRAM_BINS + 1)[:, None] * lags / 1024).astype(np.float32)


def correlogram(framed: Array) -> Array:
    """Generalised autocorrelation (Tolonen and Karjalainen 2000, eq. 2) at pitch lags: (n, 640) -> (n, 64)."""
    power = power_spectrum(framed, 2 * REACH, 1024, 1, CORRELOGRAM_BINS)
    flat = (power + np.float32(1e-6)) ** np.float32(CORRELOGRAM_POWER)
    return (flat / flat.sum(1, keepdims=True)) @ lag_matrix()


# ---------------------------------------------------------------- cepstrum
@cache
def dct_matrix(coefficients: int = 13, bands: int = BANDS) -> Array:
    """Matrix of the orthonormal DCT-II, float32 [shape=(bands, coefficients)]."""
    k, n = np.arange(coefficients), np.arange(bands)[:, None] + 0.5
    basis = np.cos(np.pi * n * k / bands) * np.sqrt(2 / bands)
    basis[:, 0] /= np.sqrt(2)
    return basis.astype(np.float32)


def delta(x: Array, width: int = 9) -> Array:
    """Regression slope over `width` frames (Furui 1986, eq. 4), edges replicated: (n, d) -> (n, d)."""
    half = width // 2
    taps = np.arange(-half, half + 1, dtype=np.float32)
    padded = np.pad(x, ((half, half), (0, 0)), "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
    return (windows @ taps / (taps @ taps)).astype(np.float32)


def mfcc(framed: Array) -> Array:
    """13 mel-frequency cepstral coefficients with first and second deltas: (n, 640) -> (n, 39)."""
    static = log_mel(framed) @ dct_matrix()
    first = delta(static)
    return np.concatenate([static, first, delta(first)], 1)


# ---------------------------------------------------------------- inputs of the encoder
def mel_and_pitch(framed: Array) -> Array:
    """Log-mel and correlogram, scaled to about unit variance and concatenated: (n, 640) -> (n, 144)."""
    return np.concatenate([(log_mel(framed) + 5) / 4, correlogram(framed) * 4], 1)


def raw(framed: Array) -> Array:
    """The central 160 samples of each frame, scaled: (n, 640) -> (n, 160)."""
    return framed[:, REACH - HOP // 2 : REACH + HOP // 2] * np.float32(8)


INPUTS: dict[str, tuple[Callable[[Array], NDArray[Any]], int]] = {
    "logmel": (lambda framed: (log_mel(framed) + 5) / 4, BANDS),
    "logmel+pitch": (mel_and_pitch, BANDS + LAGS),
    "mfcc": (lambda framed: mfcc(framed) / 8, 39),
    "wave": (raw, HOP),
}
"""Features by the name in a config: function of frames (n, 640), and its number of outputs per frame."""
