"""Stage 1 with a linear core (models/linear_core.py) in numpy, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from sottovoce.models.features import BANDS, HOP, SAMPLE_RATE
from sottovoce.models.runtime.layers import Array, Stack, make_conv, make_dense
from sottovoce.models.runtime.plans import linear_core_conditioner_plan, linear_core_encoder_plan
from sottovoce.models.runtime.state import Stateful


class LinearCoreAnalysis(Stateful):
    """Features of steps to latents of the steps before them.

    Parameters
    ----------
    config : dict
        The model's config, as its file holds it.
    weights : mapping of str to ndarray
    """

    STATE_FIELDS = ("enter", "layers", "block")

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array]):
        self.enter = make_conv("encoder.enter", weights, False, 2)
        self.presets = weights["encoder.preset"].astype(np.float32)
        self.layers = Stack(linear_core_encoder_plan(config["encoder"]), weights, exact=False)
        self.core = make_dense("encoder.core", weights, exact=False)
        self.size = len(weights["encoder.core.weight"])
        self.block: Array = np.zeros((1, self.size), np.float32)  # log-mel of the last step

    def fresh(self) -> LinearCoreAnalysis:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.enter, twin.layers = self.enter.fresh(), self.layers.fresh()
        twin.block = np.zeros((1, self.size), np.float32)
        return twin

    def __call__(self, features: Array, preset: int) -> Array:
        """Features (steps, frames of a step, inputs) -> latents (steps, latent)."""
        steps = len(features)
        h = self.enter(features.reshape(steps, -1)) + self.presets[preset]
        blocks = np.concatenate((self.block, features[:, :, :BANDS].reshape(steps, -1)))
        self.block = blocks[-1:]
        return self.layers(h) + self.core(blocks[:-1])


class LinearCoreConditioning(Stateful):
    """Latents and voice to frames of conditioning, one step late, in integers with 14 fraction bits (layers.py).

    Parameters
    ----------
    config : dict
        The model's config, as its file holds it.
    weights : mapping of str to ndarray
    """

    STATE_FIELDS = ("enter", "layers", "latent")
    size = BANDS + 2

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array]):
        self.frames_per_step = SAMPLE_RATE // config["model"]["rate"] // HOP
        self.enter = make_conv("conditioner.enter", weights, True, 3)
        self.presets = weights["conditioner.preset"].astype(np.float64)
        self.layers = Stack(linear_core_conditioner_plan(config["conditioner"]), weights, exact=True)
        self.core = make_dense("conditioner.core", weights, exact=True)
        self.latent_size = len(weights["conditioner.core.weight"])
        self.latent: Array = np.zeros((1, self.latent_size))  # of the last step

    def fresh(self) -> LinearCoreConditioning:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.enter, twin.layers = self.enter.fresh(), self.layers.fresh()
        twin.latent = np.zeros((1, self.latent_size))
        return twin

    def __call__(self, latents: Array, voice: Array, preset: int) -> Array:
        """Conditioning of the steps before these latents.

        Parameters
        ----------
        latents : ndarray [shape=(n, latent)]
        voice : ndarray [shape=(speaker,)]
        preset : int
            Index of the preset.

        Returns
        -------
        ndarray [shape=(n x frames per step, 82)]
            Log-mel as ``(mel + 5) / 4``, log2 of F0 / 150 Hz, and voicing logit of each frame. There is no step before
            the first of a stream: ignore its frames.
        """
        voices = np.broadcast_to(voice, (len(latents), len(voice)))
        h = self.enter(np.concatenate((latents, voices), 1)) + self.presets[preset]
        steps = np.concatenate((self.latent, latents))
        self.latent = steps[-1:]
        return (self.layers(h) + self.core(steps[:-1])).reshape(len(latents) * self.frames_per_step, self.size)

    def features(self, c: Array) -> Array:
        """Return the conditioning [shape=(frames, 82)] itself, which consists of the features."""
        return c
