"""Envelope post-filter: gives the samples of the WaveNet the band powers of the decoded log-mel.

Samples drawn from a WaveNet have the right envelope only on average: in any 20 ms their band powers deviate by some
5 dB, as those of noise do. The decoder knows the powers from the conditioner's log-mel, so the short-time spectrum is
scaled to them band by band, with unchanged phases: one projection of Griffin and Lim (1984, IEEE Trans. ASSP 32(2))
that starts from phases of speech.

The computation is exact, as in layers.py: the transforms are products of integer matrices below 2**53.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import HOP, MEL_FLOOR, WINDOW, hann, mel_matrix
from sottovoce.models.runtime.layers import Array
from sottovoce.models.runtime.state import Stateful
from sottovoce.models.wavenet.units import SAMPLE_BITS

LENGTH = 320  # samples of the short-time window, 20 ms
STRIDE = 80
FFT = 512
OVERLAP = 1.5  # sum of the squared windows over a sample
PADDING = LENGTH - STRIDE  # silence before a stream, so that four windows overlap at its first samples too

FORWARD_BITS = 15
BACKWARD_BITS = 22
SPECTRUM_BITS = 18  # of the block floating point in which band powers are measured
WEIGHT_BITS = 10
GAIN_BITS = 12
GAIN_LIMIT = 20.0  # 26 dB, for amplification and attenuation
SPECTRUM_LIMIT = 2.0**29
SAMPLE_SCALE = 2.0 ** (15 + SAMPLE_BITS)  # the sampler's full scale


@cache
def forward_matrix() -> Array:
    """Return the windowed cosine and sine transform [shape=(320, 2 x 257)]."""
    angle = 2 * np.pi * np.arange(LENGTH)[:, None] * np.arange(FFT // 2 + 1) / FFT
    window = hann(LENGTH).astype(np.float64)[:, None]
    return np.rint(np.concatenate((np.cos(angle) * window, -np.sin(angle) * window), 1) * 2.0**FORWARD_BITS)


@cache
def backward_matrix() -> Array:
    """Return the inverse transform [shape=(2 x 257, 320)], windowed for overlap-add."""
    angle = 2 * np.pi * np.arange(FFT // 2 + 1)[:, None] * np.arange(LENGTH) / FFT
    window = hann(LENGTH).astype(np.float64) / OVERLAP / FFT
    twice = np.full((FFT // 2 + 1, 1), 2.0)
    twice[[0, -1]] = 1.0
    both = np.concatenate((np.cos(angle) * twice, -np.sin(angle) * twice))
    return np.rint(both * window * 2.0**BACKWARD_BITS)


@cache
def band_weights() -> Array:
    """Return the matrix [shape=(257, 80)] from bin powers to band powers."""
    return np.rint(mel_matrix().T.astype(np.float64) * 2.0**WEIGHT_BITS)


@cache
def band_shares() -> Array:
    """Return the matrix [shape=(80, 257)] from band gains to bin gains; bins below the lowest band have its gain."""
    mel = mel_matrix().astype(np.float64)
    lowest = int(np.argmax(mel.sum(0) > 1e-3))
    mel[0, :lowest] = 1
    mel[-1, -1] = 1
    return np.rint(mel / mel.sum(0) * 2.0**GAIN_BITS)


class PostFilter(Stateful):
    """Filters a stream of samples; the output is 15 ms late, or later if the powers are."""

    STATE_FIELDS = ("samples", "powers", "overlap", "next", "first", "skip")

    def __init__(self) -> None:
        self.samples: Array = np.zeros(PADDING)
        self.powers: Array = np.zeros((0, mel_matrix().shape[0]))  # of frames from `first` on
        self.overlap: Array = np.zeros(PADDING)
        self.next = -1  # window m is centred on sample 80 m
        self.first = 0
        self.skip = PADDING  # output samples that lie before the stream's start

    def push(self, samples: Array, powers: Array) -> Array:
        """Take samples and band powers, of which either may be ahead; return the filtered samples that are complete.

        Parameters
        ----------
        samples : ndarray [shape=(n,)]
            Integer samples.
        powers : ndarray [shape=(frames, 80)]
            Target band powers of the next frames of 160 samples.

        Returns
        -------
        ndarray [shape=(m,)]
        """
        self.samples = np.concatenate((self.samples, samples))
        self.powers = np.concatenate((self.powers, powers))
        # Window m ends at sample 80 m + 160; its target is between frames (m - 1) // 2 and m // 2.
        ready = (len(self.samples) - PADDING) // STRIDE
        known = 2 * (self.first + len(self.powers)) - self.next if len(self.powers) else 0
        return self._windows(min(ready, known))

    def finish(self) -> Array:
        """Return the remaining samples."""
        if not len(self.powers):
            return np.zeros(0)
        windows = 2 * (self.first + len(self.powers)) + 2 - self.next
        last = np.repeat(self.powers[-1:], 2, 0)
        self.powers = np.concatenate((self.powers, last))
        self.samples = np.concatenate((self.samples, np.zeros(PADDING + STRIDE)))
        return self._windows(windows)

    def _windows(self, count: int) -> Array:
        if count <= 0:
            return np.zeros(0)
        centres = self.next + np.arange(count)
        pieces = np.lib.stride_tricks.sliding_window_view(self.samples, LENGTH)[: count * STRIDE : STRIDE]
        before = np.maximum((centres - 1) // 2, 0) - self.first
        after = np.maximum(centres // 2, 0) - self.first
        # Between two frames the target is their geometric mean.
        target = np.sqrt(self.powers[before] * self.powers[after])
        filtered = self._shape(pieces, target)
        out = np.zeros(count * STRIDE + PADDING)
        out[:PADDING] = self.overlap
        for i, piece in enumerate(filtered):
            out[i * STRIDE : i * STRIDE + LENGTH] += piece
        self.samples = self.samples[count * STRIDE :]
        self.overlap = out[count * STRIDE :]
        self.next += count
        drop = max(0, (self.next - 1) // 2 - self.first)
        self.powers, self.first = self.powers[drop:], self.first + drop
        done = out[: count * STRIDE]
        skipped = min(self.skip, len(done))
        self.skip -= skipped
        return done[skipped:]

    def _shape(self, pieces: Array, target: NDArray[np.float64]) -> Array:
        """Scale windows (n, 320) to band powers (n, 80), for overlap-add."""
        spectrum = np.floor((pieces @ forward_matrix()) * 2.0**-FORWARD_BITS + 0.5)
        _, exponent = np.frexp(np.abs(spectrum).max(1))
        small = np.floor(np.ldexp(spectrum, SPECTRUM_BITS - exponent[:, None]))
        bins = FFT // 2 + 1
        power = (small[:, :bins] ** 2 + small[:, bins:] ** 2) @ band_weights()
        unit = np.ldexp(WINDOW / LENGTH / SAMPLE_SCALE**2, 2 * (exponent - SPECTRUM_BITS) - WEIGHT_BITS)
        gain = np.sqrt(target / (power * unit[:, None] + MEL_FLOOR))
        gain = np.floor(np.clip(gain, 1 / GAIN_LIMIT, GAIN_LIMIT) * 2.0**GAIN_BITS)
        of_bins = np.floor((gain @ band_shares()) * 2.0**-GAIN_BITS)
        shaped = np.floor(spectrum * np.concatenate((of_bins, of_bins), 1) * 2.0**-GAIN_BITS)
        shaped = np.clip(shaped, -SPECTRUM_LIMIT, SPECTRUM_LIMIT)
        return np.floor((shaped @ backward_matrix()) * 2.0**-BACKWARD_BITS + 0.5)


assert STRIDE * 2 == HOP
