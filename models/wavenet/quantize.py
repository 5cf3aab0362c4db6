"""From a trained WaveNet to the integer tables of its sampler.

Every number that decides a sample is fixed here, once, when a model is exported; the sampler computes nothing in
floating point, so all machines draw the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.wavenet.excitation import MU, RANGE
from sottovoce.models.wavenet.network import CLASSES, WaveNet
from sottovoce.models.wavenet.units import (
    COMPRESS_BITS,
    COMPRESS_LIMIT,
    COND_BITS,
    EXPAND_BITS,
    GATE_BITS,
    INPUTS,
    LOGIT_BITS,
    ROWS,
    WEIGHT_BITS,
)

HEADROOM = 2.0  # a sampler that hears itself may go beyond what was measured; a row's own range is half of it
MAX_SHIFT = 24


@dataclass(frozen=True)
class Ranges:
    """Largest magnitudes seen in a network: what fixes the scales of the int16 activations.

    Parameters
    ----------
    residual : float
        Of the residual stream after the embedding and after every layer.
    skip : float
        Of the running sum of the skip outputs.
    hidden : float
        Of the head's hidden layer before its ReLU.
    """

    residual: float
    skip: float
    hidden: float

    @staticmethod
    def widest(several: Iterable[Ranges]) -> Ranges:
        """The maxima over several measurements."""
        each = list(several)
        return Ranges(max(r.residual for r in each), max(r.skip for r in each), max(r.hidden for r in each))


@torch.no_grad()
def calibrate(network: WaveNet, indices: Tensor, condition: Tensor) -> Ranges:
    """Measure the ranges of a network on teacher-forced speech.

    Parameters
    ----------
    network : WaveNet
    indices : int tensor (B, T, 6)
        As for its forward pass.
    condition : float tensor (B, T / 160, condition)

    Returns
    -------
    Ranges
    """
    x = network.embed(indices + network.offsets).sum(2)
    skips = x.new_zeros(*x.shape[:2], network.skip)
    residual, skip = x.abs().max(), skips.abs().max()
    biases = network.condition(condition).chunk(len(network.layers), -1)
    for layer, bias, dilation in zip(network.layers, biases, network.dilations, strict=True):
        past = F.pad(x, (0, 0, dilation, 0))[:, : x.shape[1]]
        x, skips = layer(x, past, skips, bias)
        residual = torch.maximum(residual, x.abs().max())
        skip = torch.maximum(skip, skips.abs().max())
    hidden = network.head1(F.relu(skips)).abs().max()
    return Ranges(float(residual), float(skip), float(hidden))


def _requantiser(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shift and int16 multiplier of every row, so that ``ratio = multiplier * 2**-(15 + shift)``.

    The multiplier lies in [1/2, 1): what is left after the shift has one bit more than the result, and only a
    result beyond half of the int16 range can saturate early.
    """
    _, exponent = np.frexp(ratio)
    shift = np.clip(-exponent, 1, MAX_SHIFT)
    multiplier = np.rint(np.ldexp(ratio, 15 + shift))
    if multiplier.max() > 32768:
        raise ValueError("a row of the network is too large for its range: calibrate on more speech")
    return shift.astype(np.int32), np.minimum(multiplier, 32767).astype(np.int16)


def _linear(
    name: str, weight: np.ndarray, bias: np.ndarray | None, unit_in: float, unit_out: np.ndarray | float
) -> dict:
    """Tables of one linear map of int16 inputs in `unit_in` to int16 outputs in `unit_out`."""
    scale = np.maximum(np.abs(weight).max(-1), 1e-8) / 127
    if bias is not None:
        # a row whose bias dwarfs its weights: a coarser grid keeps the bias within the accumulator
        scale = np.maximum(scale, np.abs(bias) / unit_in * 2.0**-29)
    shift, multiplier = _requantiser(scale * unit_in / unit_out)
    tables = {
        name: np.rint(weight / scale[..., None]).astype(np.int8),
        f"{name}_shift": shift,
        f"{name}_multiplier": multiplier,
    }
    if bias is not None:
        tables[f"{name}_bias"] = np.rint(bias / (scale * unit_in)).astype(np.int32)
    return tables


def _tanh_table() -> np.ndarray:
    """Cubic pieces of tanh on sixteen intervals of [0, 8), int16 (4, 16), all in Q15 over an interval's width."""
    pieces = np.empty((4, 16))
    nodes = (1 - np.cos((np.arange(64) + 0.5) * math.pi / 64)) / 2  # Chebyshev's: nearly the smallest maximum error
    for i in range(16):
        pieces[:, i] = np.polynomial.polynomial.polyfit(nodes, np.tanh((i + nodes) / 2), 3)
    return np.clip(np.rint(pieces * 2**15), -32768, 32767).astype(np.int16)


def _constants() -> dict[str, np.ndarray]:
    """Tables that are the same for every network."""

    def expand(u: np.ndarray) -> np.ndarray:
        return RANGE * np.sign(u) * np.expm1(np.abs(u) * math.log1p(MU)) / MU

    half = (CLASSES - 1) / 2
    centres = np.arange(CLASSES) / half - 1
    edges = expand(np.clip((np.arange(CLASSES + 1) - 0.5) / half - 1, -1, 1))
    v = (np.arange(-COMPRESS_LIMIT, COMPRESS_LIMIT) + 0.5) / 2**COMPRESS_BITS
    u = np.sign(v) * np.log1p(MU * np.abs(v) / RANGE) / math.log1p(MU)
    return {
        "tanh": _tanh_table(),
        "exp2": np.rint(np.exp2(WEIGHT_BITS - np.arange(2**LOGIT_BITS) / 2**LOGIT_BITS)).astype(np.int32),
        "width": np.rint(np.log2(np.diff(edges)) * 2**LOGIT_BITS).astype(np.int16),
        "compress": np.rint((u + 1) * half).astype(np.uint8),
        "expand": np.rint(expand(centres) * 2**EXPAND_BITS).astype(np.int32),
    }


def quantize(state: Mapping[str, Tensor], ranges: Ranges, dilations: Sequence[int]) -> dict[str, np.ndarray]:
    """All tables that the sampler of a network needs.

    Parameters
    ----------
    state : mapping of str to tensor
        State of a `WaveNet` with the softmax head.
    ranges : Ranges
        Measured on speech with `calibrate`.
    dilations : sequence of int
        Of the layers, each a power of two.

    Returns
    -------
    dict of str to array
        Input of `tables.Tables`.

    Raises
    ------
    ValueError
        If the network has another head, or its layers are not as many as the dilations.
    """
    w = {name: value.detach().cpu().double().numpy() for name, value in state.items()}
    if w["head2.weight"].shape[0] != CLASSES:
        raise ValueError("the integer sampler draws from the softmax head only; this network has another")
    if w["embed.weight"].shape[0] != INPUTS * ROWS:
        raise ValueError(f"the integer sampler takes {INPUTS} indices a sample; this network takes another number")
    layers = len(dilations)
    if f"layers.{layers - 1}.out.bias" not in w or f"layers.{layers}.out.bias" in w:
        raise ValueError(f"{layers} dilations for a network of another number of layers")

    def stack(name: str) -> np.ndarray:
        return np.stack([w[f"layers.{i}.{name}"] for i in range(layers)])

    embed = w["embed.weight"]
    # the largest sum of embeddings counts too: any combination of indices can come up
    largest = np.abs(embed).reshape(INPUTS, ROWS, -1).max(1).sum(0).max()
    residual = max(HEADROOM * ranges.residual, largest) / 32767
    skip = max(HEADROOM * ranges.skip, 1e-6) / 32767
    hidden = max(HEADROOM * ranges.hidden, 1e-6) / 32767
    gate = 2.0**-GATE_BITS
    logit = math.log(2) / 2**LOGIT_BITS
    channels = embed.shape[1]
    skips = w["head1.weight"].shape[0]
    outputs = np.concatenate((np.full(channels, residual), np.full(skips, skip)))
    return {
        # what one step of each int16 activation means: not for sampling, but to get the network back from its tables
        "units": np.array([residual, skip, hidden, gate, 2.0**-COND_BITS, logit]),
        "dilations": np.array(dilations, np.int32),
        "embed": np.rint(embed / residual).astype(np.int16),
        **_linear("dilated", stack("dilated.weight"), None, residual, 2.0**-COND_BITS),
        **_linear("out", stack("out.weight"), stack("out.bias"), gate, outputs),
        **_linear("head1", w["head1.weight"], w["head1.bias"], skip, hidden),
        **_linear("head2", w["head2.weight"], w["head2.bias"], hidden, logit),
        **_constants(),
    }


def float_tables(state: Mapping[str, Tensor], dilations: Sequence[int]) -> dict[str, np.ndarray]:
    """Float32 weights on the int8 grid, for the check of the sampler's structure against torch.

    Parameters
    ----------
    state, dilations
        As for `quantize`.

    Returns
    -------
    dict of str to array
        Input of `teacher_forcing.float_logits`.
    """

    def grid(name: str) -> np.ndarray:
        weight = state[name].detach().cpu().double().numpy()
        scale = np.maximum(np.abs(weight).max(-1, keepdims=True), 1e-8) / 127
        return (np.rint(weight / scale) * scale).astype(np.float32)

    def plain(name: str) -> np.ndarray:
        return state[name].detach().cpu().float().numpy()

    each = range(len(dilations))
    return {
        "dilations": np.array(dilations, np.int32),
        "embed": plain("embed.weight"),
        "dilated": np.stack([grid(f"layers.{i}.dilated.weight") for i in each]),
        "out": np.stack([grid(f"layers.{i}.out.weight") for i in each]),
        "out_bias": np.stack([plain(f"layers.{i}.out.bias") for i in each]),
        "head1": grid("head1.weight"),
        "head1_bias": plain("head1.bias"),
        "head2": grid("head2.weight"),
        "head2_bias": plain("head2.bias"),
    }
