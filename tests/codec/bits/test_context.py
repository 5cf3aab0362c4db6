import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.codec.bits import BLOCK_STEPS, context_kernel
from sottovoce.codec.bits.context import AGES, SLOW, ContextModel
from sottovoce.codec.bits.range_coder import Decoder, Encoder

SIZES = (64, 16, 16, 32)
BOOKS = len(SIZES)
VECTOR, RANK, HIDDEN, PRESETS = 12, 8, 16, 2


def made(scale=40):
    """A context model with weights drawn at random, sharp where `scale` is high."""
    chance = np.random.default_rng(4)

    def whole(shape, most, kind=np.int8):
        return chance.integers(-most, most + 1, shape).astype(kind)

    books = [whole((size, VECTOR), 4000 >> k, np.int16) for k, size in enumerate(SIZES)]
    tables = {
        "past": whole((VECTOR * (2 + len(SLOW)), HIDDEN), 60),
        "age": whole((AGES, HIDDEN), 5000, np.int32),
        "drive": whole((BOOKS, HIDDEN, RANK), 60),
        "start": whole((PRESETS, BOOKS, RANK), 300, np.int16),
        "entries": whole((sum(SIZES), RANK), 90),
        "shifts": np.array([8, 7, 2, *[10] * BOOKS], np.int8),
    }
    for k, size in enumerate(SIZES):
        tables[f"views.{k}"] = whole((RANK, size), scale)
        tables[f"bias.{k}"] = whole(size, 90, np.int16)
    return tables, books


MODEL = ContextModel(*made())


def drawn(steps, books=BOOKS, seed=0):
    """Codes at random."""
    return np.random.default_rng(seed).integers(0, SIZES[:books], (steps, books)).astype(np.int16)


def likely(steps, books=BOOKS, seed=0):
    """Codes such as the model expects: what it makes of random bytes."""
    noise = np.random.default_rng(seed).bytes(4 * steps * books)
    return MODEL.coder(1, books).decode(noise, steps)


def entropy(widths):
    return float(16 * widths.size - np.log2(widths).sum())


@given(st.integers(1, 60), st.integers(1, BOOKS), st.integers(0, PRESETS - 1), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_codes_return_and_cost_their_entropy(steps, books, preset, seed):
    codes = drawn(steps, books, seed)
    payload = MODEL.coder(preset, books).encode(codes)
    assert (MODEL.coder(preset, books).decode(payload, steps) == codes).all()
    expected = entropy(MODEL.coder(preset, books).bits(codes))
    assert 8 * len(payload) <= expected + 8.01


def test_what_is_likely_costs_less_and_overhead_is_small():
    for seed in range(20):
        codes = likely(BLOCK_STEPS, seed=seed)
        payload = MODEL.coder(1, BOOKS).encode(codes)
        expected = entropy(MODEL.coder(1, BOOKS).bits(codes))
        assert 8 * len(payload) <= expected * 1.01 + 16
        assert expected < 0.8 * entropy(MODEL.coder(1, BOOKS).bits(drawn(BLOCK_STEPS, seed=seed)))


def test_memory_is_carried_until_a_reset():
    first, second = likely(BLOCK_STEPS), likely(BLOCK_STEPS, seed=1)
    coder, fresh = (MODEL.coder(0, BOOKS) for _ in range(2))
    alone = fresh.encode(second)
    whole = MODEL.coder(0, BOOKS).bits(np.concatenate((first, second)))
    coder.encode(first)
    carried = coder.encode(second)
    assert carried != alone
    assert abs(8 * len(carried) - entropy(whole[BLOCK_STEPS:])) < 16
    reader = MODEL.coder(0, BOOKS)
    reader.decode(b"", BLOCK_STEPS)
    reader.reset()
    assert (reader.decode(alone, BLOCK_STEPS) == second).all()


@given(st.binary(max_size=300), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_every_string_of_bytes_decodes_to_codes(payload, steps):
    codes = MODEL.coder(0, BOOKS).decode(payload, steps)
    assert codes.shape == (steps, BOOKS)
    assert (codes >= 0).all() and (codes < SIZES).all()


@given(st.binary(min_size=12, max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_bytes_say_is_written_the_same_way(payload):
    """Codes from any bytes, encoded again, begin as these bytes did: the coder has no blind spots."""
    codes = MODEL.coder(0, BOOKS).decode(payload, 8)
    again = MODEL.coder(0, BOOKS).encode(codes)
    assert (MODEL.coder(0, BOOKS).decode(again, 8) == codes).all()
    assert len(again) <= len(payload) + 1 or entropy(MODEL.coder(0, BOOKS).bits(codes)) > 8 * len(payload)


def test_the_range_coder_is_the_one_of_the_format():
    """The kernel's own range coder writes what range_coder.py writes for the same intervals."""
    net = MODEL.pack(1, BOOKS)
    memory, age = np.zeros((2 + len(SLOW), VECTOR), np.int32), np.zeros(1, np.int64)
    codes, writer = likely(30), Encoder()
    logits, sums = context_kernel._scratch(net)
    intervals = []
    for step in codes:
        hidden, chosen = context_kernel._hidden(memory, age, net), np.zeros(RANK, np.int32)
        for k, code in enumerate(step):
            factor = context_kernel._begin(k, hidden, chosen, net, logits, sums)
            low, end = (int(context_kernel._place(sums, at, SIZES[k], factor)) for at in (code, code + 1))
            intervals.append((low, end - low))
            writer.encode(low, end - low, 16)
            context_kernel._choose(k, code, chosen, net)
        context_kernel._remember(memory, age, step, net)
    payload = MODEL.coder(1, BOOKS).encode(codes)
    assert payload == writer.finish()
    reader = Decoder(payload)
    for low, width in intervals:
        assert low <= reader.target(16) < low + width
        reader.advance(low, width)


def test_extreme_codes_and_weights_stay_in_range():
    sharp = ContextModel(*made(127))
    for value in (0, -1):
        codes = np.tile(np.array([size + value if value else 0 for size in SIZES], np.int16), (200, 1))
        payload = sharp.coder(0, BOOKS).encode(codes)
        assert (sharp.coder(0, BOOKS).decode(payload, 200) == codes).all()


def test_carries_run_through_many_bytes():
    for seed in range(200):
        codes = drawn(3, seed=seed)
        payload = MODEL.coder(0, BOOKS).encode(codes)
        assert (MODEL.coder(0, BOOKS).decode(payload + b"\0\0", 3) == codes).all()


def test_no_steps_take_no_bytes():
    empty = np.zeros((0, 2), np.int16)
    assert MODEL.coder(0, 2).encode(empty) == b""
    assert MODEL.coder(0, 2).decode(b"", 0).shape == (0, 2)


@pytest.mark.parametrize("name", ["past", "views.2", "shifts"])
def test_tables_of_another_model_are_refused(name):
    tables, books = made()
    with pytest.raises(ValueError, match="other code books"):
        ContextModel(tables | {name: tables[name][..., :-1]}, books)
    del tables[name]
    with pytest.raises(ValueError, match=name):
        ContextModel(tables, books)


def report():
    """What a block of every kind becomes, for another process to compare."""
    found = []
    for preset, books in ((0, 1), (1, BOOKS)):
        coder = MODEL.coder(preset, books)
        found += [coder.encode(codes).hex() for codes in (drawn(20, books), likely(20)[:, :books])]
        found.append(coder.decode(bytes(range(40)), 20).tolist())
    return found


def test_without_numba_it_is_the_same():
    if not context_kernel.compiled:
        pytest.skip("numba isn't here, or told not to compile")
    program = (
        "import json, test_context; print(json.dumps([test_context.context_kernel.compiled, test_context.report()]))"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.path.dirname(__file__)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [False, report()]
