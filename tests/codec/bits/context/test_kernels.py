"""The context model's kernels: in C++, in numba, and in nothing but Python."""

import importlib
import importlib.util
import pickle
import sys

import numpy as np
import pytest
from helpers.stub_context import BOOKS, MODEL, PRESETS, RANK, SIZES, VECTOR, drawn, flags, made

from sottovoce.codec.bits.context import coder as context
from sottovoce.codec.bits.context import numba_kernel
from sottovoce.codec.bits.context.coder import ContextModel
from sottovoce.codec.bits.context.units import SLOW
from sottovoce.codec.bits.range_coder import RangeDecoder, RangeEncoder


def plain():
    """context_kernel.py as it is where numba isn't."""
    spec = importlib.util.find_spec(numba_kernel.__name__)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        if numba_kernel.compiled:
            patch.setattr(numba_kernel.numba.config, "DISABLE_JIT", 1)
        spec.loader.exec_module(module)
    assert not module.compiled
    return module


reference = plain()


def extension():
    """The C++ module, None where it wasn't built."""
    try:
        return importlib.import_module("sottovoce.codec.bits.context._native")
    except ImportError:
        return None


def test_the_range_coder_is_the_one_of_the_format():
    """The kernel's own range coder writes what range_coder.py writes for the same intervals."""
    net = MODEL.pack(1, BOOKS)
    memory, age = np.zeros((2 + len(SLOW), VECTOR), np.int32), np.zeros(1, np.int64)
    codes, writer = drawn(30), RangeEncoder()
    logits, sums = reference._scratch(net)
    intervals = []
    for step in codes:
        hidden, chosen = reference._hidden(memory, age, net), np.zeros(RANK, np.int32)
        for k, code in enumerate(step):
            factor = reference._begin(k, hidden, chosen, net, logits, sums)
            low, end = (int(reference._place(sums, at, SIZES[k], factor)) for at in (code, code + 1))
            intervals.append((low, end - low))
            writer.encode(low, end - low, 16)
            reference._choose(k, code, chosen, net)
        reference._remember(memory, age, step, net)
    payload = MODEL.coder(1, BOOKS).encode(codes)
    assert payload == writer.finish()
    reader = RangeDecoder(payload)
    for low, width in intervals:
        assert low <= reader.target(16) < low + width
        reader.advance(low, width)


@pytest.mark.parametrize("kernel", ["C++", "numba"])
def test_kernels_do_the_same(kernel, monkeypatch):
    other = extension() if kernel == "C++" else numba_kernel
    if other is None or not getattr(other, "compiled", True):
        pytest.skip(f"no {kernel} here")

    def coder(module, model):
        monkeypatch.setattr(context, "_kernel", lambda: module)
        return model.coder(seed % PRESETS, books)

    for seed in range(24):
        model, books, steps = ContextModel(*made((20, 60, 127)[seed % 3], seed)), 1 + seed % BOOKS, (1, 9, 20)[seed % 3]
        one, two = coder(reference, model), coder(other, model)
        codes, held = drawn(steps, books, seed), flags(steps, seed)
        noise = np.random.default_rng(seed).bytes((0, 3, 40)[seed // 3 % 3])
        damaged = coder(reference, model).encode(codes)[:-1] + b"?"
        for method, *arguments in (
            ("bits", codes),
            ("encode", codes),
            ("decode", noise, steps),
            ("encode", codes, held),
            ("decode_dtx", noise, steps),
            ("decode", damaged, steps),
        ):
            expected, found = (getattr(of, method)(*arguments) for of in (one, two))
            assert pickle.dumps(expected) == pickle.dumps(found)
            assert (one._memory == two._memory).all() and one._age == two._age


def test_the_kernel_can_be_chosen(monkeypatch):
    chosen = context._kernel.__wrapped__
    monkeypatch.delenv("SOTTO_KERNEL", raising=False)
    assert chosen() is (extension() or numba_kernel)
    monkeypatch.setenv("SOTTO_KERNEL", "numba")
    assert chosen() is numba_kernel
    monkeypatch.delenv("SOTTO_KERNEL")
    monkeypatch.setitem(sys.modules, "sottovoce.codec.bits.context._native", None)
    assert chosen() is numba_kernel


@pytest.mark.skipif(extension() is None, reason="the C++ module was not built")
def test_the_extension_compares_its_arrays():
    net = MODEL.pack(0, BOOKS)
    memory, age = np.zeros((2 + len(SLOW), VECTOR), np.int32), np.zeros(1, np.int64)
    codes, held, room, widths = drawn(5), np.zeros(0, np.uint8), np.zeros(99, np.uint8), np.zeros((0, 0), np.int32)
    good = (codes, held, room, widths, net, memory, age)
    bad = [
        (0, codes[:, :-1].copy()), (0, codes.astype(np.int32)), (1, np.zeros(4, np.uint8)), (2, room[:40]),
        (3, np.zeros((5, 3), np.int32)), (5, memory[:-1]), (5, memory.astype(np.int64)), (6, np.array([-1])),
        *((4, net._replace(**{name: table[:-1]})) for name, table in net._asdict().items()),
        (4, net._replace(first=net.first[::-1].copy())), (4, net._replace(first=net.first + 1)),
        (4, net._replace(shifts=net.shifts + 31)),
    ]  # fmt: skip
    for place, value in bad:
        with pytest.raises(ValueError, match=r"array|network"):
            extension().encode(*good[:place], value, *good[place + 1 :])
    assert not memory.any()
    assert extension().encode(*good) > 0
    with pytest.raises(ValueError, match="array"):
        extension().decode(room, codes, np.zeros(4, np.uint8), net, memory, age)
