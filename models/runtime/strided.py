"""The strided stage 1 (models/strided_encoder.py, models/strided_conditioner.py) in numpy, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from sottovoce.models.features import BANDS
from sottovoce.models.runtime.layers import Array, Stack, make_dense
from sottovoce.models.runtime.plans import strided_conditioner_plan, strided_encoder_plan
from sottovoce.models.runtime.state import Stateful


class StridedAnalysis(Stateful):
    """Features of steps to latents of the steps before them: the interface of `LinearCoreAnalysis`."""

    STATE_FIELDS = ("stack",)

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array]):
        self.stack = Stack(strided_encoder_plan(config["model"]["rate"], config["encoder"]), weights, exact=False)

    def fresh(self) -> StridedAnalysis:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.stack = self.stack.fresh()
        return twin

    def __call__(self, features: Array, preset: int) -> Array:
        """Features (steps, frames of a step, inputs) -> latents (steps, latent)."""
        return self.stack(features.reshape(-1, features.shape[2]))


class StridedConditioning(Stateful):
    """Latents and voice to frames of conditioning: the interface of `LinearCoreConditioning`."""

    STATE_FIELDS = ("stack",)

    def __init__(self, config: dict[str, Any], weights: Mapping[str, Array]):
        plan = strided_conditioner_plan(config["model"]["rate"], config["conditioner"])
        self.stack = Stack(plan, weights, exact=True)
        self.heads = make_dense("conditioner.heads", weights, exact=True)
        self.size = len(weights["conditioner.heads.weight"])

    def fresh(self) -> StridedConditioning:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.stack = self.stack.fresh()
        return twin

    def __call__(self, latents: Array, voice: Array, preset: int) -> Array:
        """Latents (steps, latent) and a voice (speaker,) -> conditioning (frames, size) of the steps before them."""
        voices = np.broadcast_to(voice, (len(latents), len(voice)))
        return self.stack(np.concatenate((latents, voices), 1))

    def features(self, c: Array) -> Array:
        """Conditioning (frames, size) -> normalised log-mel, log2 of F0 / 150 Hz and voicing logit (frames, 82)."""
        features = self.heads(c)
        assert features.shape[1] == BANDS + 2
        return features
