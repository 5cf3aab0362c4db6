"""Spectral envelope restoration: what the WaveNet drew is brought back to the band powers that the codes say.

A sample path of a WaveNet has the right envelope only on average: in any 20 ms its band powers scatter by some 5 dB,
as those of noise do. The decoder knows the powers (the conditioner's log-mel), so a short-time spectrum is
scaled band by band to meet them, the phases left as drawn: one projection of Griffin and Lim (1984, IEEE Trans. ASSP
32(2)), from phases that are already speech.

All of it is exact, as in layers.py: the transforms are products of integer matrices below 2**53.
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
BEFORE = LENGTH - STRIDE  # silence before a stream, so that its first samples too are under four windows

FORWARD_BITS = 15
BACKWARD_BITS = 22
SPECTRUM_BITS = 18  # of the block floating point in which band powers are measured
WEIGHT_BITS = 10
GAIN_BITS = 12
GAIN_LIMIT = 20.0  # either way: 26 dB
SPECTRUM_LIMIT = 2.0**29
SAMPLE_SCALE = 2.0 ** (15 + SAMPLE_BITS)  # the sampler's full scale


@cache
def forward_matrix() -> Array:
    """(320, 2 x 257): windowed cosine and sine transform."""
    angle = 2 * np.pi * np.arange(LENGTH)[:, None] * np.arange(FFT // 2 + 1) / FFT
    window = hann(LENGTH).astype(np.float64)[:, None]
    return np.rint(np.concatenate((np.cos(angle) * window, -np.sin(angle) * window), 1) * 2.0**FORWARD_BITS)


@cache
def backward_matrix() -> Array:
    """(2 x 257, 320): its inverse, windowed again for overlap-add."""
    angle = 2 * np.pi * np.arange(FFT // 2 + 1)[:, None] * np.arange(LENGTH) / FFT
    window = hann(LENGTH).astype(np.float64) / OVERLAP / FFT
    twice = np.full((FFT // 2 + 1, 1), 2.0)
    twice[[0, -1]] = 1.0
    both = np.concatenate((np.cos(angle) * twice, -np.sin(angle) * twice))
    return np.rint(both * window * 2.0**BACKWARD_BITS)


@cache
def band_weights() -> Array:
    """(257, 80): bin powers -> band powers."""
    return np.rint(mel_matrix().T.astype(np.float64) * 2.0**WEIGHT_BITS)


@cache
def band_shares() -> Array:
    """(80, 257): band gains -> bin gains; bins below the lowest band go with it."""
    mel = mel_matrix().astype(np.float64)
    lowest = int(np.argmax(mel.sum(0) > 1e-3))
    mel[0, :lowest] = 1
    mel[-1, -1] = 1
    return np.rint(mel / mel.sum(0) * 2.0**GAIN_BITS)


class PostFilter(Stateful):
    """A stream of samples on its way to the envelope that it should have; 15 ms late, or later where powers are."""

    STATE_FIELDS = ("samples", "powers", "overlap", "next", "first", "skip")

    def __init__(self) -> None:
        self.samples: Array = np.zeros(BEFORE)
        self.powers: Array = np.zeros((0, mel_matrix().shape[0]))  # of frames from `first` on
        self.overlap: Array = np.zeros(BEFORE)
        self.next = -1  # window m is centred on sample 80 m
        self.first = 0
        self.skip = BEFORE  # output samples that lie before the stream's start

    def push(self, samples: Array, powers: Array) -> Array:
        """Integer samples (n,) and the band powers (frames, 80) told since -> the filtered samples that are due.

        Either may run ahead of the other; in the end there are 160 samples a frame.
        """
        self.samples = np.concatenate((self.samples, samples))
        self.powers = np.concatenate((self.powers, powers))
        # window m reaches up to sample 80 m + 160 and is told by frames (m - 1) // 2 and m // 2, the first by frame 0
        ready = (len(self.samples) - BEFORE) // STRIDE
        known = 2 * (self.first + len(self.powers)) - self.next if len(self.powers) else 0
        return self._windows(min(ready, known))

    def finish(self) -> Array:
        """The samples that are still due."""
        if not len(self.powers):
            return np.zeros(0)
        windows = 2 * (self.first + len(self.powers)) + 2 - self.next
        last = np.repeat(self.powers[-1:], 2, 0)
        self.powers = np.concatenate((self.powers, last))
        self.samples = np.concatenate((self.samples, np.zeros(BEFORE + STRIDE)))
        return self._windows(windows)

    def _windows(self, count: int) -> Array:
        if count <= 0:
            return np.zeros(0)
        centres = self.next + np.arange(count)
        pieces = np.lib.stride_tricks.sliding_window_view(self.samples, LENGTH)[: count * STRIDE : STRIDE]
        before = np.maximum((centres - 1) // 2, 0) - self.first
        after = np.maximum(centres // 2, 0) - self.first
        # between two frames the target is their geometric mean
        target = np.sqrt(self.powers[before] * self.powers[after])
        filtered = self._shape(pieces, target)
        out = np.zeros(count * STRIDE + BEFORE)
        out[:BEFORE] = self.overlap
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
        """Windows (n, 320) scaled to band powers (n, 80), ready to be added up."""
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
