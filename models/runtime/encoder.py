"""Waveform -> codes, one latent step at a time.

Steps always have the same shapes, so a recording gives the same codes however it is cut into pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import HOP, INPUTS, REACH, SAMPLE_RATE
from sottovoce.models.runtime.layers import Array, Stack
from sottovoce.models.runtime.plans import encoder_plan

BEFORE = REACH - HOP // 2  # what a step's first frame sees before the step, and its last frame after it


class Quantizer:
    """Residual search through the code books (SoundStream, arXiv 2107.03312, algorithm 1)."""

    def __init__(self, books: list[Array]):
        self.books = [book.astype(np.float32) for book in books]
        self.norms = [(book**2).sum(1) for book in self.books]

    def __call__(self, latent: NDArray[np.float32]) -> NDArray[np.int16]:
        """Latent (size,) -> codes (books,)."""
        codes = np.empty(len(self.books), np.int16)
        residual = latent
        for i, (book, norm) in enumerate(zip(self.books, self.norms, strict=True)):
            codes[i] = np.argmin(norm - 2 * (book @ residual))
            residual = residual - book[codes[i]]
        return codes


class Encoder:
    """A recording on its way to codes.

    Parameters
    ----------
    config : dict
        The model's config, as its card holds it.
    weights : mapping of str to array
    quantizer : Quantizer
    """

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array], quantizer: Quantizer):
        rate = config["model"]["rate"]
        self.step = SAMPLE_RATE // rate
        self.features, self.inputs = INPUTS[config["model"]["inputs"]]
        self.stack = Stack(encoder_plan(rate, config["encoder"]["blocks"]), weights, exact=False)
        self.quantizer = quantizer
        self.held: NDArray[np.float32] = np.zeros(BEFORE, np.float32)
        self.samples = 0
        self.started = False

    def push(self, wave: NDArray[np.float32]) -> NDArray[np.int16]:
        """Samples (n,) at the models' level -> codes (steps, books) of as many steps as are ready."""
        self.samples += len(wave)
        self.held = np.concatenate((self.held, np.asarray(wave, np.float32)))
        return self._steps((len(self.held) - 2 * BEFORE) // self.step)

    def finish(self) -> NDArray[np.int16]:
        """The codes that are still due, after silence to a whole step: ceil(samples / step) in all."""
        empty = not self.samples
        codes = self.push(np.zeros(-self.samples % self.step + BEFORE, np.float32))
        if empty:
            return codes
        # the network reads a step's latent one step late: one more step of no features
        last = self._encode(np.zeros((self.step // HOP, self.inputs), np.float32))
        return np.concatenate((codes, last))

    def _steps(self, count: int) -> NDArray[np.int16]:
        codes = [np.zeros((0, len(self.quantizer.books)), np.int16)]
        for n in range(max(0, count)):
            piece = self.held[n * self.step : (n + 1) * self.step + 2 * BEFORE]
            frames = np.lib.stride_tricks.sliding_window_view(piece, 2 * REACH)[::HOP]
            codes.append(self._encode(self.features(frames)))
        self.held = self.held[max(0, count) * self.step :]
        return np.concatenate(codes)

    def _encode(self, features: NDArray[np.float32]) -> NDArray[np.int16]:
        latent = self.stack(features)
        if not self.started:
            self.started = True
            return np.zeros((0, len(self.quantizer.books)), np.int16)
        return self.quantizer(latent[0])[None]
