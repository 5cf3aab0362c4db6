"""Samples to codes.

A matrix product of many rows reads its weights once for all of them, so steps may be encoded in groups. Groups always
have the same size, so a recording gives the same codes however it is cut into pieces. Groups of another size may round
otherwise, and choose another entry where two are equally near but for rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.features import HOP, INPUTS, REACH, SAMPLE_RATE
from sottovoce.models.features import frames as framed
from sottovoce.models.runtime.linear_core import LinearCoreAnalysis
from sottovoce.models.runtime.quantizer import Quantizer
from sottovoce.models.runtime.state import Stateful
from sottovoce.models.runtime.strided import StridedAnalysis

LARGE_GROUP = 250
"""Steps of a group where nobody waits for the codes: ten seconds fill large matrix products in little memory."""

FRAME_OVERHANG = REACH - HOP // 2  # what a step's first frame sees before the step, and its last frame after it


class Encoder(Stateful):
    """A recording on its way to codes.

    Parameters
    ----------
    config : dict
        The model's config, as its card holds it.
    analysis : LinearCoreAnalysis or StridedAnalysis
        The network, of which the encoder takes a fresh one.
    quantizer : Quantizer
    preset : int
        Index of the preset.
    group : int
        Steps that are encoded at a time.
    """

    STATE_FIELDS = ("analysis", "buffer", "samples", "started")

    def __init__(
        self,
        config: dict[str, Any],
        analysis: LinearCoreAnalysis | StridedAnalysis,
        quantizer: Quantizer,
        preset: int,
        group: int = 1,
    ):
        self.group = group
        self.step = SAMPLE_RATE // config["model"]["rate"]
        self.features, self.inputs = INPUTS[config["model"]["inputs"]]
        self.analysis = analysis.fresh()
        self.quantizer = quantizer
        self.preset = preset
        self.buffer: NDArray[np.float32] = np.zeros(FRAME_OVERHANG, np.float32)
        self.samples = 0
        self.started = False

    def push(self, wave: NDArray[np.float32]) -> NDArray[np.int16]:
        """Samples (n,) at the models' level -> codes (steps, books) of the groups that are ready."""
        self.samples += len(wave)
        self.buffer = np.concatenate((self.buffer, np.asarray(wave, np.float32)))
        return self._steps(self._ready // self.group * self.group)

    def finish(self) -> NDArray[np.int16]:
        """The codes that are still due, after silence to a whole step: ceil(samples / step) in all."""
        empty = not self.samples
        codes = [self.push(np.zeros(-self.samples % self.step + FRAME_OVERHANG, np.float32))]
        if empty:
            return codes[0]
        codes.append(self._steps(self._ready))
        # the network reads a step's latent one step late: one more step of no features
        codes.append(self._encode(np.zeros((1, self.step // HOP, self.inputs), np.float32)))
        return np.concatenate(codes)

    @property
    def _ready(self) -> int:
        """Steps whose features can be computed."""
        return max(0, len(self.buffer) - 2 * FRAME_OVERHANG) // self.step

    def _steps(self, count: int) -> NDArray[np.int16]:
        codes = [np.zeros((0, len(self.quantizer.books)), np.int16)]
        for first in range(0, count, self.group):
            steps = min(self.group, count - first)
            piece = self.buffer[first * self.step : (first + steps) * self.step + 2 * FRAME_OVERHANG]
            frames = np.lib.stride_tricks.sliding_window_view(piece, 2 * REACH)[::HOP]
            codes.append(self._encode(self.features(frames).reshape(steps, -1, self.inputs)))
        self.buffer = self.buffer[count * self.step :]
        return np.concatenate(codes)

    def _encode(self, features: NDArray[np.float32]) -> NDArray[np.int16]:
        latents = self.analysis(features, self.preset)[0 if self.started else 1 :]
        self.started = True
        return self.quantizer(latents)


def latents_of(
    wave: NDArray[np.float32], config: dict[str, Any], analysis: LinearCoreAnalysis | StridedAnalysis, preset: int
) -> NDArray[np.float32]:
    """Compute the latents of a whole recording, which an `Encoder` of the same arguments quantises.

    Returns
    -------
    ndarray of float32 [shape=(steps, latent)]
    """
    step = SAMPLE_RATE // config["model"]["rate"]
    make, inputs = INPUTS[config["model"]["inputs"]]
    features = make(framed(np.pad(wave, (0, -len(wave) % step)))).reshape(-1, step // HOP, inputs)
    silence = np.zeros((1, *features.shape[1:]), np.float32)  # the network reads a step's latent one step late
    return analysis.fresh()(np.concatenate((features, silence)), preset)[1:]
