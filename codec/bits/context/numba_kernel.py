"""The context model's arithmetic, compiled by numba; without numba the same functions run as they are, slowly.

All sums stay within 32 bits, all products of the range coder within 63. The range coder is that of range_coder.py.
kernel.cpp does the same.
"""

from __future__ import annotations

import numpy as np

from sottovoce.codec.bits.context.units import (
    AGES,
    FINE_BITS,
    HIDDEN_LIMIT,
    LOGIT_BITS,
    POWERS,
    REPEAT_WIDTHS,
    SLOW,
    SUM_BITS,
    SUM_LIMIT,
)
from sottovoce.codec.bits.range_coder import STATE_BITS, TOTAL_BITS

_DEEPEST = 24 << LOGIT_BITS

_WHOLE = 1 << STATE_BITS
_REST = STATE_BITS - 8
_SMALL = 1 << _REST
_TOTAL = 1 << TOTAL_BITS


def _plain(function):
    return function


def _add_product(out, inputs, weights):
    """Add int32 `inputs` (n,) times int8 `weights` (n, m) to int32 `out` (m,)."""
    for i in range(len(inputs)):
        x = inputs[i]
        if x != 0:
            for j in range(len(out)):
                out[j] += x * weights[i, j]


def _add_product_at_once(out, inputs, weights):
    out += inputs @ weights.astype(np.int32)


try:
    import numba

    compiled = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # which it sets when it is imported
except ImportError:
    compiled = False


def _jit(function):
    """Compile on first use, and keep the result on disk where there is a place for it."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)


jit = _jit if compiled else _plain
add_product = jit(_add_product) if compiled else _add_product_at_once


@jit
def _hidden(memory, age, net):
    """What the steps before say, int32 (hidden,)."""
    inputs = memory.copy()
    inputs[2:] >>= FINE_BITS
    out = net.age[min(age[0], AGES - 1)].copy()
    add_product(out, inputs.ravel(), net.past)
    for j in range(len(out)):
        out[j] = min(max(out[j] >> net.shifts[0], 0), HIDDEN_LIMIT)
    return out


@jit
def _remember(memory, age, codes, net):
    """Take a step's codes (books,) into the memory (2 + averages, size)."""
    memory[1] = memory[0]
    memory[0] = 0
    for k in range(len(codes)):
        memory[0] += net.vectors[net.first[k] + codes[k]]
    for j in range(memory.shape[1]):
        memory[0, j] = min(max(memory[0, j] >> SUM_BITS, -SUM_LIMIT), SUM_LIMIT)
    for i in range(len(SLOW)):
        memory[2 + i] += ((memory[0] << FINE_BITS) - memory[2 + i]) >> SLOW[i]
    age[0] += 1


@jit
def _begin(k, hidden, chosen, net, logits, sums):
    """Fill `sums` with the entries' weights, added up; return the factor that brings these to frequencies."""
    rank = len(chosen)
    low, size = net.first[k], net.first[k + 1] - net.first[k]
    state = np.zeros(rank, np.int32)
    add_product(state, hidden, net.drive[k])
    for j in range(rank):
        moved = (state[j] >> net.shifts[1]) + net.start[k, j] + chosen[j]
        state[j] = min(max(moved, -HIDDEN_LIMIT), HIDDEN_LIMIT)
    found = logits[:size]
    found[:] = 0
    add_product(found, state, net.views[low * rank : (low + size) * rank].reshape(rank, size))
    shift = net.shifts[3 + k]
    for j in range(size):
        found[j] = (found[j] >> shift) + net.bias[low + j]
    highest = found.max()
    total = 0
    sums[0] = 0
    for j in range(size):
        depth = min(highest - found[j], _DEEPEST)
        total += POWERS[depth & 31] >> (depth >> LOGIT_BITS)
        sums[j + 1] = total
    return ((_TOTAL - size) << 32) // total


@jit
def _choose(k, code, chosen, net):
    """Add the vector of a code to those of the step."""
    for j in range(len(chosen)):
        chosen[j] += net.entries[net.first[k] + code, j] << net.shifts[2]


@jit
def _place(sums, entry, size, factor):
    """Where the interval of an entry begins: each entry has one of the frequencies for itself."""
    return _TOTAL if entry == size else entry + (sums[entry] * factor >> 32)


@jit
def _scratch(net):
    widest = 0
    for k in range(len(net.first) - 1):
        widest = max(widest, net.first[k + 1] - net.first[k])
    return np.zeros(widest, np.int32), np.zeros(widest + 1, np.int64)


@jit
def encode(codes, repeated, out, widths, net, memory, age):
    """Write `codes` [steps, books] and the flags in `held`, if there are any, to `out`; return how many bytes it took.

    The codes' intervals are as wide as `widths` [steps, books] then say, which may be empty.
    """
    logits, sums = _scratch(net)
    now = np.zeros(codes.shape[1], codes.dtype)
    low, width, at, repeats = 0, _WHOLE, 0, 0
    for step in range(codes.shape[0]):
        if len(repeated) > 0:
            edge = _TOTAL - REPEAT_WIDTHS[repeats]
            repeats = int(repeated[step])
            begin, end = (edge, _TOTAL) if repeats else (0, edge)
            low, width, at = _write(begin, end, out, low, width, at)
        if not repeats:
            hidden = _hidden(memory, age, net)
            chosen = np.zeros(net.entries.shape[1], np.int32)
            for k in range(codes.shape[1]):
                size = net.first[k + 1] - net.first[k]
                factor = _begin(k, hidden, chosen, net, logits, sums)
                now[k] = code = int(codes[step, k])
                begin, end = _place(sums, code, size, factor), _place(sums, code + 1, size, factor)
                if widths.size > 0:
                    widths[step, k] = end - begin
                low, width, at = _write(begin, end, out, low, width, at)
                _choose(k, code, chosen, net)
        _remember(memory, age, now, net)
    if low + width > _WHOLE:
        _carry(out, at)
        return at
    out[at] = -(-low // _SMALL)
    return at + 1


@jit
def decode(data, codes, repeated, net, memory, age):
    """Read `codes` [steps, books] and the flags in `held`, if there are any; behind the bytes there are zeros."""
    logits, sums = _scratch(net)
    now = np.zeros(codes.shape[1], codes.dtype)
    value, width, at, repeats = 0, _WHOLE, 0, 0
    while at < STATE_BITS >> 3:
        value = value << 8 | _byte(data, at)
        at += 1
    for step in range(codes.shape[0]):
        if len(repeated) > 0:
            edge = _TOTAL - REPEAT_WIDTHS[repeats]
            repeats = 1 if value // (width >> TOTAL_BITS) >= edge else 0
            repeated[step] = repeats
            begin, end = (edge, _TOTAL) if repeats else (0, edge)
            value, width, at = _read(begin, end, data, value, width, at)
        if not repeats:
            hidden = _hidden(memory, age, net)
            chosen = np.zeros(net.entries.shape[1], np.int32)
            for k in range(codes.shape[1]):
                size = net.first[k + 1] - net.first[k]
                factor = _begin(k, hidden, chosen, net, logits, sums)
                target = min(value // (width >> TOTAL_BITS), _TOTAL - 1)
                code, above = 0, size
                while above - code > 1:
                    middle = (code + above) >> 1
                    if _place(sums, middle, size, factor) <= target:
                        code = middle
                    else:
                        above = middle
                begin, end = _place(sums, code, size, factor), _place(sums, code + 1, size, factor)
                value, width, at = _read(begin, end, data, value, width, at)
                now[k] = code
                _choose(k, code, chosen, net)
        codes[step] = now
        _remember(memory, age, now, net)


@jit
def _write(begin, end, out, low, width, at):
    """Write the interval [begin, end); return what became of the state."""
    unit = width >> TOTAL_BITS
    low += unit * begin
    width = unit * (end - begin) if end < _TOTAL else width - unit * begin
    if low >= _WHOLE:
        low -= _WHOLE
        _carry(out, at)
    while width < _SMALL:
        out[at] = low >> _REST
        at += 1
        low = (low << 8) & (_WHOLE - 1)
        width <<= 8
    return low, width, at


@jit
def _carry(out, at):
    at -= 1
    while out[at] == 255:
        out[at] = 0
        at -= 1
    out[at] += 1


@jit
def _read(begin, end, data, value, width, at):
    """Go on behind the interval [begin, end), which holds the target."""
    unit = width >> TOTAL_BITS
    value -= unit * begin
    width = unit * (end - begin) if end < _TOTAL else width - unit * begin
    while width < _SMALL:
        value = value << 8 | _byte(data, at)
        at += 1
        width <<= 8
    return value, width, at


@jit
def _byte(data, at):
    return int(data[at]) if at < len(data) else 0
