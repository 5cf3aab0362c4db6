"""Numpy twins of layers.py that keep their past, so that a network can be run piece by piece.

Arrays are (frames, channels). The decoder's half runs in integers that float64 carries: products and sums below 2**53
are exact in any order, so a BLAS of any make gives the same result on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Dense = Callable[[Array], Array]

ACTIVATION_BITS = 14  # fraction bits of exact activations
BOOK_BITS = 9  # of stored code book entries
ACTIVATION_LIMIT = 2.0**23  # 23 bits x 15 bits of a weight x 1,000 inputs stay below 2**53


class FloatDense:
    """x @ weight + bias in float32."""

    def __init__(self, weight: Array, bias: Array):
        self.weight = np.ascontiguousarray(weight, np.float32)
        self.bias = bias.astype(np.float32)

    def __call__(self, x: Array) -> Array:
        return x @ self.weight + self.bias


class ExactDense:
    """The same in integers: int16 weights of one binary scale, rounded back to 14 fraction bits."""

    def __init__(self, weight: Array, bias: Array, shift: int):
        self.weight = np.ascontiguousarray(weight, np.float64)
        self.bias = bias.astype(np.float64) + 2.0 ** (shift - 1)  # the half that makes the floor a rounding
        self.scale = 2.0**-shift

    def __call__(self, x: Array) -> Array:
        y = np.floor((x @ self.weight + self.bias) * self.scale)
        return np.clip(y, -ACTIVATION_LIMIT, ACTIVATION_LIMIT)


def relu(x: Array) -> Array:
    """Rectified x."""
    return np.maximum(x, 0)


class Conv:
    """Causal convolution; rows of the weight run over (tap, input)."""

    def __init__(self, dense: Dense, inputs: int, kernel: int, stride: int = 1):
        self.dense, self.kernel, self.stride = dense, kernel, stride
        self.past: Array = np.zeros((kernel - stride, inputs))

    def __call__(self, x: Array) -> Array:
        x = np.concatenate((self.past.astype(x.dtype), x))
        self.past = x[len(x) - (self.kernel - self.stride) :]
        windows = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=0)[:: self.stride]
        return self.dense(windows.transpose(0, 2, 1).reshape(len(windows), -1))


class Block:
    """Residual block: x + W2 relu(conv3(relu(x)))."""

    def __init__(self, conv: Conv, mix: Dense):
        self.conv, self.mix = conv, mix

    def __call__(self, x: Array) -> Array:
        return x + self.mix(relu(self.conv(relu(x))))


class Upsample:
    """Each frame becomes two."""

    def __init__(self, dense: Dense):
        self.dense = dense

    def __call__(self, x: Array) -> Array:
        y = self.dense(x)
        return y.reshape(2 * len(y), -1)


class Stack:
    """Layers one after the other, built from stored weights.

    `plan` is a list of (kind, weight name, taps, stride): kinds are conv, block, up, dense and relu.
    """

    def __init__(self, plan: list[tuple[str, str, int, int]], weights: Mapping[str, Array], exact: bool):
        self.layers = [make_layer(kind, name, taps, stride, weights, exact) for kind, name, taps, stride in plan]

    def __call__(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer(x)
        return x


def make_dense(name: str, weights: Mapping[str, Array], exact: bool) -> Dense:
    """A linear map of the stored weights of that name."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return ExactDense(weight, bias, int(weights[f"{name}.shift"][0])) if exact else FloatDense(weight, bias)


def make_layer(
    kind: str, name: str, taps: int, stride: int, weights: Mapping[str, Array], exact: bool
) -> Callable[[Array], Array]:
    """One layer of a plan."""
    if kind == "relu":
        return relu
    if kind == "block":
        return Block(_conv(f"{name}.conv", 3, 1, weights, exact), make_dense(f"{name}.mix", weights, exact))
    if kind == "up":
        return Upsample(make_dense(f"{name}.mix", weights, exact))
    if kind == "conv":
        return _conv(name, taps, stride, weights, exact)
    return make_dense(name, weights, exact)


def _conv(name: str, taps: int, stride: int, weights: Mapping[str, Array], exact: bool) -> Conv:
    inputs = weights[f"{name}.weight"].shape[0] // taps
    return Conv(make_dense(name, weights, exact), inputs, taps, stride)
