"""Bring what a codec made of recordings in line with them: its one delay, and the level of each."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import RATE, Wave

VERSION = 1
"""Of how a delay is found; with another one it is found again."""

REACH = 1600  # samples either way in which a codec's delay is looked for
COARSE = 16  # samples a point of the envelopes that find the delay of codecs which keep no phase
LONGEST = 120 * RATE  # samples of a recording that are looked at
SURE = 0.4  # mean correlation over which the waves themselves are believed


def delay(pairs: Iterable[tuple[Wave, Wave]]) -> int:
    """Find the one delay of a codec: where the cross-correlation, averaged over all recordings, peaks.

    Vocoders keep no phase; where the waves hardly correlate their envelopes decide.

    Parameters
    ----------
    pairs : iterable of (Wave, Wave)
        Recordings, and what the codec made of them.

    Returns
    -------
    int
        Samples; positive where the codec is late.
    """
    fine, coarse = np.zeros(2 * REACH + 1), np.zeros(2 * (REACH // COARSE) + 1)
    count = 0
    for reference, decoded in ((one[:LONGEST], other[:LONGEST]) for one, other in pairs):
        fine += _correlation(reference, decoded, REACH)
        coarse += _correlation(_envelope(reference), _envelope(decoded), REACH // COARSE)
        count += 1
    if fine.max() >= SURE * count:
        return int(np.argmax(fine)) - REACH
    return (int(np.argmax(coarse)) - REACH // COARSE) * COARSE


def _correlation(x: NDArray, y: NDArray, reach: int) -> NDArray[np.float64]:
    """Normalised cross-correlation at lags -reach..reach; at positive ones y is late."""
    size = 1 << (len(x) + len(y) + reach).bit_length()
    product = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    return np.roll(product, reach)[: 2 * reach + 1] / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-9)


def _envelope(wave: Wave) -> Wave:
    smooth = np.convolve(np.abs(wave), np.hanning(10 * COARSE), "same")[::COARSE]
    return (smooth - smooth.mean()).astype(np.float32)


def align(wave: Wave, lag: int, reference: Wave) -> Wave:
    """Take a delay away, and give the wave the reference's length and power."""
    wave = wave[lag:] if lag >= 0 else np.pad(wave, (-lag, 0))
    wave = np.pad(wave[: len(reference)], (0, max(0, len(reference) - len(wave))))
    gain = np.sqrt(_power(reference) / (_power(wave) + 1e-20))
    return (wave * gain).astype(np.float32)


def _power(wave: Wave) -> float:
    return float(np.mean(wave.astype(np.float64) ** 2))
