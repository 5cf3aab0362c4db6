"""Alignment of decoded recordings with their references: one delay for each codec, one gain for each recording."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.loudness import power
from sottovoce.codec.evaluation.peers.base import RATE, Wave

VERSION = 1
"""Version of the delay estimate; delays stored by another version are computed again."""

REACH = 1600  # samples in either direction in which the delay is searched
COARSE = 16  # samples per point of the envelopes, which decide for codecs that do not keep phase
LONGEST = 120 * RATE  # samples of a recording that are used
SURE = 0.4  # mean correlation above which the waves decide, not the envelopes


def delay(pairs: Iterable[tuple[Wave, Wave]]) -> int:
    """Estimate the delay of a codec: the lag of the peak of the cross-correlation averaged over all recordings.

    Vocoders do not keep phase; where the waves hardly correlate, their envelopes are used.

    Parameters
    ----------
    pairs : iterable of (Wave, Wave)
        Recordings, each with the output of the codec.

    Returns
    -------
    int
        Delay in samples; positive where the output is late.
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
    """Normalised cross-correlation at lags -reach..reach; y is late at positive lags."""
    size = 1 << (len(x) + len(y) + reach).bit_length()
    product = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    return np.roll(product, reach)[: 2 * reach + 1] / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-9)


def _envelope(wave: Wave) -> Wave:
    smooth = np.convolve(np.abs(wave), np.hanning(10 * COARSE), "same")[::COARSE]
    return (smooth - smooth.mean()).astype(np.float32)


def remove_delay(wave: Wave, lag: int, length: int) -> Wave:
    """Remove a delay of `lag` samples, and cut or zero-pad the wave to `length` samples."""
    wave = wave[lag:] if lag >= 0 else np.pad(wave, (-lag, 0))
    return np.pad(wave[:length], (0, max(0, length - len(wave))))


def match_level(wave: Wave, reference: Wave) -> Wave:
    """Scale a wave to the power of the reference."""
    return (wave * np.sqrt(power(reference) / (power(wave) + 1e-20))).astype(np.float32)


def align(wave: Wave, lag: int, reference: Wave) -> Wave:
    """Remove a delay, and give the wave the length and power of the reference."""
    return match_level(remove_delay(wave, lag, len(reference)), reference)
