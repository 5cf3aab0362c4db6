"""Phone error rate: how much of what was said is still there for a recogniser to hear.

The recogniser is a small network of our own (models/phones), run in numpy: log-mel, residual convolutions, and the
best phone of each step. Its figure for an original is its own mistakes; what coding adds to it is lost content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from sottovoce.models.features import frames, log_mel
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.phones.distance import edit_distance
from sottovoce.models.phones.labels import collapse, phone_ids

Array = NDArray[np.float32]

FILE = "phones.safetensors"
SPREAD = 3.0  # what log-mel is divided by, as in training
STEM_TAPS = 5
STRIDE = 2
EPSILON = np.float32(1e-5)  # of the layer norms


def neighbours(x: Array, taps: int, dilation: int = 1, stride: int = 1) -> Array:
    """Every stride-th frame beside those around it, zeros beyond the ends: (T, C) -> (ceil(T/stride), taps C)."""
    reach = taps // 2 * dilation
    padded = np.pad(x, ((reach, reach), (0, 0)))
    return np.concatenate([padded[i * dilation : i * dilation + len(x) : stride] for i in range(taps)], 1)


class PhoneRecogniser:
    """The network of models/phones/network.py, from its stored weights.

    Parameters
    ----------
    tensors : mapping of str to array
    dilations : of the residual blocks
    """

    def __init__(self, tensors: Mapping[str, NDArray[np.generic]], dilations: Sequence[int]):
        self.tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        self.dilations = dilations

    def __call__(self, wave: Array) -> Array:
        """16 kHz wave (n,) at the models' level -> logits (ceil(n/320), 40)."""
        mel = log_mel(frames(wave))
        x = self._dense("stem", neighbours((mel - mel.mean(0)) / np.float32(SPREAD), STEM_TAPS, stride=STRIDE))
        for i, dilation in enumerate(self.dilations):
            around = neighbours(self._norm(f"blocks.{i}.norm", x), 3, dilation)
            x = x + self._dense(f"blocks.{i}.mix", np.maximum(self._dense(f"blocks.{i}.conv", around), 0))
        return self._dense("out", self._norm("norm", x))

    def phones(self, wave: Array) -> list[int]:
        """Numbers of the phones that are heard in a wave of any level."""
        if not len(wave):
            return []
        levelled = np.asarray(wave, np.float32) * np.float32(gain_to_target(active_level(wave)))
        return collapse(self(levelled).argmax(1).tolist())

    def _dense(self, name: str, x: Array) -> Array:
        return x @ self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def _norm(self, name: str, x: Array) -> Array:
        centred = x - x.mean(1, keepdims=True)
        scale = np.sqrt(np.square(centred).mean(1, keepdims=True) + EPSILON)
        return centred / scale * self.tensors[f"{name}.scale"] + self.tensors[f"{name}.bias"]


def _data() -> bytes:
    return (resources.files("sottovoce.codec.evaluation") / "data" / FILE).read_bytes()


def available() -> bool:
    """Whether there is a trained recogniser in the box."""
    return (resources.files("sottovoce.codec.evaluation") / "data" / FILE).is_file()


@cache
def identity() -> str:
    """What the figures depend on: the first digits of the SHA-256 of the recogniser's file."""
    return hashlib.sha256(_data()).hexdigest()[:8]


@cache
def recogniser() -> PhoneRecogniser:
    """The recogniser in the box."""
    return read(_data())


def read(data: bytes) -> PhoneRecogniser:
    """The recogniser in a file's bytes."""
    length = int.from_bytes(data[:8], "little")
    facts = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["sottovoce"])
    return PhoneRecogniser(load(data), facts["dilations"])


def error_rate(wave: Array, phones: Sequence[str]) -> float:
    """Phones heard wrongly, missed or heard where none are, in percent of those that were said.

    Parameters
    ----------
    wave : (n,) float32
        16 kHz, of any level.
    phones : sequence of str
        What was said in ARPAbet without stress; silence (SIL) does not count.

    Raises
    ------
    ValueError
        For a name that is no phone of English, or when there are none.
    """
    said = phone_ids(phones)
    if not said:
        raise ValueError("no phones are said")
    return 100 * edit_distance(recogniser().phones(wave), said) / len(said)
