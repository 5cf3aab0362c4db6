"""Layers of models/layers.py in numpy, with state, so that a network can be run piece by piece.

Arrays are (frames, channels). The decoder computes in integers that float64 represents: products and sums below 2**53
are exact in any order, so every BLAS gives the same result on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sottovoce.models.runtime.plans import LayerSpec, Plan
from sottovoce.models.runtime.state import Stateful

Array = NDArray[Any]
Dense = Callable[[Array], Array]

ACTIVATION_BITS = 14  # fraction bits of exact activations
BOOK_BITS = 9  # of stored code book entries
ACTIVATION_LIMIT = 2.0**23  # 23 bits x 15 bits of a weight x 1,000 inputs stay below 2**53; export checks that


class FloatDense:
    """x @ weight + bias in float32; weights are stored by column, which is fastest for a single row of x.

    Parameters
    ----------
    weight : ndarray [shape=(inputs, outputs)]
    bias : ndarray [shape=(outputs,)]
    """

    def __init__(self, weight: Array, bias: Array):
        self.weight = np.asfortranarray(weight, np.float32)
        self.bias = bias.astype(np.float32)

    def __call__(self, x: Array) -> Array:
        """Map x [shape=(..., inputs)] to [shape=(..., outputs)]."""
        y = x @ self.weight
        y += self.bias
        return y


class ExactDense:
    """The same in integers: weights with one binary scale, or one per output; results have 14 fraction bits.

    Parameters
    ----------
    weight : ndarray of int8 or int16 [shape=(inputs, outputs)]
    bias : ndarray of int [shape=(outputs,)]
        In the unit of the products.
    shift : array_like of int [shape=(), (1,) or (outputs,)]
        Fraction bits of the weights.
    """

    def __init__(self, weight: Array, bias: Array, shift: ArrayLike):
        shift = np.asarray(shift, np.int32)
        self.weight = np.ascontiguousarray(weight, np.float64)
        self.bias = bias.astype(np.float64) + np.ldexp(1.0, shift - 1)  # one half, so that floor rounds
        self.scale = np.ldexp(1.0, -shift)

    def __call__(self, x: Array) -> Array:
        """Map x [shape=(..., inputs)] to [shape=(..., outputs)]."""
        y = np.floor((x @ self.weight + self.bias) * self.scale)
        return np.clip(y, -ACTIVATION_LIMIT, ACTIVATION_LIMIT)


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


class Conv(Stateful):
    """Causal convolution; the rows of the weight are (tap, input)."""

    STATE_FIELDS = ("past",)

    def __init__(self, dense: Dense, inputs: int, kernel: int, stride: int = 1, dilation: int = 1):
        self.dense, self.stride, self.dilation = dense, stride, dilation
        self.span = (kernel - 1) * dilation + 1  # frames from the first tap to the last
        self.taps = dilation * np.arange(kernel)
        self.past: Array = np.zeros((self.span - stride, inputs))

    def fresh(self) -> Conv:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.past = np.zeros_like(self.past)
        return twin

    def __call__(self, x: Array) -> Array:
        """Map frames x [shape=(n, inputs)] to those that they complete."""
        x = np.concatenate((self.past.astype(x.dtype), x))
        self.past = x[len(x) - (self.span - self.stride) :]
        count = (len(x) - self.span) // self.stride + 1
        if count == 1:
            return self.dense(x[self.taps].reshape(1, -1))
        row, item = x.strides
        steps = (self.stride * row, self.dilation * row, item)
        taps = np.lib.stride_tricks.as_strided(x, (count, len(self.taps), x.shape[1]), steps, writeable=False)
        return self.dense(taps.reshape(count, -1))


class ResidualBlock(Stateful):
    """Residual block: x + W2 relu(conv3(relu(x)))."""

    STATE_FIELDS = ("conv",)

    def __init__(self, conv: Conv, mix: Dense):
        self.conv, self.mix = conv, mix

    def fresh(self) -> ResidualBlock:
        """Return a copy at the start of a stream, with the same weights."""
        return ResidualBlock(self.conv.fresh(), self.mix)

    def __call__(self, x: Array) -> Array:
        """Map frames x [shape=(n, channels)] to as many."""
        return x + self.mix(relu(self.conv(relu(x))))


class Upsample:
    """Doubles the frame rate."""

    def __init__(self, dense: Dense):
        self.dense = dense

    def __call__(self, x: Array) -> Array:
        """Map frames x [shape=(n, channels)] to twice as many."""
        y = self.dense(x)
        return y.reshape(2 * len(y), -1)


class Stack(Stateful):
    """A sequence of layers, built from stored weights."""

    STATE_FIELDS = ("layers",)

    def __init__(self, plan: Plan, weights: Mapping[str, Array], exact: bool):
        self.layers = [make_layer(part, weights, exact) for part in plan]

    def fresh(self) -> Stack:
        """Return a copy at the start of a stream, with the same weights."""
        twin = copy(self)
        twin.layers = [layer.fresh() if isinstance(layer, Conv | ResidualBlock) else layer for layer in self.layers]
        return twin

    def __call__(self, x: Array) -> Array:
        """Map frames through all layers."""
        for layer in self.layers:
            x = layer(x)
        return x


def make_dense(name: str, weights: Mapping[str, Array], exact: bool) -> Dense:
    """Return the linear map whose stored weights have this name."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    if exact:
        return ExactDense(weight, bias, weights[f"{name}.shift"])
    return FloatDense(scaled(name, weights), bias)


def scaled(name: str, weights: Mapping[str, Array]) -> Array:
    """Return a float weight, which is stored as float16, or as int8 with a scale per output."""
    weight = weights[f"{name}.weight"]
    return weight * weights[f"{name}.scale"] if f"{name}.scale" in weights else weight


def make_layer(part: LayerSpec, weights: Mapping[str, Array], exact: bool) -> Callable[[Array], Array]:
    """Return a layer of a plan."""
    if part.kind == "relu":
        return relu
    if part.kind == "block":
        return ResidualBlock(
            make_conv(f"{part.name}.conv", weights, exact, 3, dilation=part.dilation),
            make_dense(f"{part.name}.mix", weights, exact),
        )
    if part.kind == "up":
        return Upsample(make_dense(f"{part.name}.mix", weights, exact))
    if part.kind == "conv":
        return make_conv(part.name, weights, exact, part.taps, part.stride, part.dilation)
    return make_dense(part.name, weights, exact)


def make_conv(
    name: str, weights: Mapping[str, Array], exact: bool, taps: int, stride: int = 1, dilation: int = 1
) -> Conv:
    """Return the causal convolution whose stored weights have this name."""
    inputs = weights[f"{name}.weight"].shape[0] // taps
    return Conv(make_dense(name, weights, exact), inputs, taps, stride, dilation)
