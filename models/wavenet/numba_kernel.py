"""The sampler where no C++ compiler was: the same integers as engine.h, compiled by numba."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from sottovoce.models.wavenet.units import (
    CLASSES,
    COMPRESS_BITS,
    COMPRESS_LIMIT,
    EXPAND_BITS,
    FRAME,
    INPUTS,
    INVERSE_TEMPERATURE_BITS,
    LOGIT_BITS,
    LPC_BITS,
    ORDER,
    PROBABILITY_FLOOR_BITS,
    RING,
    ROWS,
    SAMPLE_LIMIT,
    WEIGHT_BITS,
)

if TYPE_CHECKING:
    from sottovoce.models.wavenet.frames import Frames
    from sottovoce.models.wavenet.stream import Stream


def _jit(function):
    """Compile on first use, and keep the result on disk where there is a place for it."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)


class QuantizedLinear(NamedTuple):
    """QuantizedLinear maps of one shape, stacked; weights (n, rows, inputs), the rest (n, rows)."""

    weights: np.ndarray
    start: np.ndarray
    shift: np.ndarray
    multiplier: np.ndarray


class Packed(NamedTuple):
    """A network."""

    dilations: np.ndarray
    offsets: np.ndarray
    embed: np.ndarray
    dilated: QuantizedLinear
    out: QuantizedLinear
    head1: QuantizedLinear
    head2: QuantizedLinear
    tanh_of: np.ndarray
    exp2: np.ndarray
    width: np.ndarray
    compress: np.ndarray
    expand: np.ndarray


class Scratch(NamedTuple):
    """Working memory of a call."""

    x: np.ndarray  # residual stream and, right behind it, the sum of skips
    columns: np.ndarray  # past and present input of a layer
    h: np.ndarray
    z: np.ndarray
    hidden: np.ndarray
    logits: np.ndarray
    sums: np.ndarray
    weight: np.ndarray


def pack(arrays: Mapping[str, np.ndarray]) -> Packed:
    """A network's tables as `run` and `score` take them."""

    def linear(name: str) -> QuantizedLinear:
        weights = arrays[name].reshape(-1, *arrays[name].shape[-2:])
        shift = arrays[f"{name}_shift"].reshape(weights.shape[:2])
        start = np.int32(1) << (shift - np.int32(1))
        if f"{name}_bias" in arrays:
            start = start + arrays[f"{name}_bias"].reshape(shift.shape)
        return QuantizedLinear(weights, start, shift, arrays[f"{name}_multiplier"].reshape(shift.shape))

    dilations = arrays["dilations"]
    tables = {name: arrays[name] for name in ("embed", "tanh_of", "exp2", "width", "compress", "expand")}
    maps = {name: linear(name) for name in ("dilated", "out", "head1", "head2")}
    offsets = np.concatenate(([0], np.cumsum(dilations)[:-1])).astype(np.int64)
    everything: dict[str, Any] = {"dilations": dilations, "offsets": offsets, **maps, **tables}
    return Packed(**everything)


def _scratch(p: Packed) -> Scratch:
    channels, skip = p.embed.shape[1], p.head1.weights.shape[1]
    wide = max(2 * channels, channels + skip, CLASSES)
    return Scratch(
        np.zeros(channels + skip, np.int16),
        np.zeros(2 * channels, np.int16),
        np.zeros(2 * channels, np.int16),
        np.zeros(channels, np.int16),
        np.zeros(skip, np.int16),
        np.zeros(CLASSES, np.int16),
        np.zeros(wide, np.int32),
        np.zeros(CLASSES, np.int32),
    )


@_jit
def _saturate(v):
    return min(max(v, -32768), 32767)


@_jit
def _multiply(linear, which, inputs, added, sums, out):
    """The map `which` of `inputs`, requantised, plus `added`; all of it int16."""
    for r in range(out.size):
        row = linear.weights[which, r]
        total = linear.start[which, r]
        for i in range(inputs.size):
            total += np.int32(row[i]) * np.int32(inputs[i])
        sums[r] = total
    for r in range(out.size):
        v = _saturate(sums[r] >> linear.shift[which, r])
        v = (v * linear.multiplier[which, r] + 0x4000) >> 15
        out[r] = _saturate(v + added[r])


@_jit
def _network(p, w, time, queues, index, cond):
    """Logits of the next sample."""
    channels = p.embed.shape[1]
    x = w.x
    residual, skip = x[:channels], x[channels:]
    skip[:] = 0
    for c in range(channels):
        v = 0
        for i in range(INPUTS):
            v += p.embed[i * ROWS + index[i], c]
        residual[c] = v
    for layer in range(p.dilations.size):
        at = (p.offsets[layer] + time % p.dilations[layer]) * channels
        w.columns[:channels] = queues[at : at + channels]
        w.columns[channels:] = residual
        queues[at : at + channels] = residual
        bias = cond[layer * 2 * channels : (layer + 1) * 2 * channels]
        _multiply(p.dilated, layer, w.columns, bias, w.sums, w.h)
        for c in range(channels):
            sigmoid = (p.tanh_of[np.uint16(w.h[channels + c])] >> 1) + 16384
            w.z[c] = (p.tanh_of[np.uint16(_saturate(2 * w.h[c]))] * sigmoid + 0x4000) >> 15
        _multiply(p.out, layer, w.z, x, w.sums, x)
    for c in range(skip.size):
        skip[c] = max(skip[c], 0)
    w.weight[:] = 0  # nothing to add
    _multiply(p.head1, 0, skip, w.weight, w.sums, w.hidden)
    for c in range(w.hidden.size):
        w.hidden[c] = max(w.hidden[c], 0)
    _multiply(p.head2, 0, w.hidden, w.weight, w.sums, w.logits)


@_jit
def philox(c0, c1, c2, c3, k0, k1):
    """Philox 4x32-10; words are uint64 that hold 32 bits."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    for _ in range(10):
        a = np.uint64(0xD2511F53) * c0
        b = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> half) ^ c1 ^ k0, b & low, (a >> half) ^ c3 ^ k1, a & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


@_jit
def _draw(p, logits, weight, inverse_temperature, probability_floor, random):
    """The class at `random`, of 2**32, of the tempered and floored distribution."""
    top = np.int32(-(2**31) + 1)
    for i in range(CLASSES):
        width = np.int32(p.width[i])
        weight[i] = (logits[i] - width) * inverse_temperature + (width << INVERSE_TEMPERATURE_BITS)
        top = max(top, weight[i])
    total = 0
    for i in range(CLASSES):
        below = (top - weight[i]) >> INVERSE_TEMPERATURE_BITS
        weight[i] = p.exp2[below & (2**LOGIT_BITS - 1)] >> min(below >> LOGIT_BITS, 31)
        total += weight[i]
    if probability_floor:
        cut = min((total * probability_floor) >> PROBABILITY_FLOOR_BITS, 2**WEIGHT_BITS - 1)
        total = 0
        for i in range(CLASSES):
            weight[i] = max(weight[i] - cut, 0)
            total += weight[i]
    left = np.int64((np.uint64(random) * np.uint64(total)) >> np.uint64(32))
    drawn = 0
    while left >= weight[drawn]:
        left -= weight[drawn]
        drawn += 1
    return drawn


@_jit
def _class_of(p, v, reciprocal):
    q = (np.int64(v) * reciprocal) >> 32
    return p.compress[min(max(q, -COMPRESS_LIMIT), COMPRESS_LIMIT - 1) + COMPRESS_LIMIT]


@_jit
def _sample(
    p,
    w,
    clock,
    history,
    past,
    queues,
    lpc,
    gain,
    period,
    voiced,
    inverse_temperature,
    probability_floor,
    cond,
    out,
    trace,
):
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    index = np.zeros(INPUTS, np.int16)
    random = np.zeros(4, np.uint64)
    s = np.zeros(ORDER + FRAME, np.int32)
    s[:ORDER] = history[::-1]
    time = np.int64(clock[0])
    for frame in range(gain.size):
        g = np.int64(gain[frame])
        reciprocal = (np.int64(1) << (32 + COMPRESS_BITS)) // g
        for i in range(FRAME):
            total = np.int64(1 << (LPC_BITS - 1))
            for k in range(ORDER):
                total += np.int64(lpc[frame, k]) * s[ORDER + i - 1 - k]
            predicted = min(max(total >> LPC_BITS, -SAMPLE_LIMIT), SAMPLE_LIMIT)
            index[0] = _class_of(p, s[ORDER + i - 1], reciprocal)
            index[1] = past[(time - 1) % RING]
            index[2] = _class_of(p, predicted, reciprocal)
            for j in range(3):
                index[3 + j] = past[(time - period[frame] - 1 + j) % RING] if voiced[frame] else CLASSES
            _network(p, w, time, queues, index, cond[frame])
            if time % 4 == 0:
                block = np.uint64(time // 4)
                random[:] = philox(
                    block & low, block >> half, clock[2] & low, clock[2] >> half, clock[1] & low, clock[1] >> half
                )
            drawn = _draw(p, w.logits, w.weight, inverse_temperature[frame], probability_floor[frame], random[time % 4])
            v = predicted + ((g * p.expand[drawn] + (1 << (EXPAND_BITS - 1))) >> EXPAND_BITS)
            v = min(max(v, -SAMPLE_LIMIT), SAMPLE_LIMIT)
            past[time % RING] = drawn
            s[ORDER + i] = v
            at = frame * FRAME + i
            out[at] = v
            if trace.size:
                trace[at, :INPUTS] = index
                trace[at, INPUTS] = drawn
            time += 1
        s[:ORDER] = s[FRAME:].copy()
    clock[0] = time
    history[:] = s[:ORDER][::-1]


@_jit
def _score(p, w, queues, index, cond, logits):
    for t in range(index.shape[0]):
        _network(p, w, t, queues, index[t], cond[t // FRAME])
        logits[t] = w.logits


def run(
    packed: Packed,
    streams: Sequence[Stream],
    inputs: Sequence[Frames],
    outputs: Sequence[np.ndarray],
    traces: Sequence[np.ndarray],
) -> None:
    """Advance streams, one after the other; arguments as for kernel.cpp's run."""
    nothing = np.zeros((0, INPUTS + 1), np.int16)
    for k, s in enumerate(streams):
        frames = {f.name: getattr(inputs[k], f.name) for f in fields(inputs[k])}
        trace = traces[k] if traces else nothing
        _sample(
            p=packed,
            w=_scratch(packed),
            clock=s.clock,
            history=s.history,
            past=s.past,
            queues=s.queues,
            out=outputs[k],
            trace=trace,
            **frames,
        )


def score(packed: Packed, stream: Stream, cond: np.ndarray, index: np.ndarray, logits: np.ndarray) -> None:
    """Logits of given inputs; arguments as for kernel.cpp's score."""
    _score(packed, _scratch(packed), stream.queues, index, cond, logits)
