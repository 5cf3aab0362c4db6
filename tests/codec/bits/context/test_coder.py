import numpy as np
import pytest
from helpers.stub_context import BOOKS, MODEL, PRESETS, SIZES, drawn, flags, made
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.codec.bits import BLOCK_STEPS
from sottovoce.codec.bits.context.coder import ContextModel
from sottovoce.codec.bits.context.units import REPEAT_WIDTHS


def likely(steps, books=BOOKS, seed=0):
    """Codes such as the model expects: what it makes of random bytes."""
    noise = np.random.default_rng(seed).bytes(4 * steps * books)
    return MODEL.coder(1, books).decode(noise, steps)


def entropy(widths):
    return float(16 * widths.size - np.log2(widths).sum())


def repeated(codes, held):
    """The codes that come back: held steps repeat the ones before."""
    codes = np.concatenate((np.zeros_like(codes[:1]), codes))
    for step in np.flatnonzero(held):
        codes[step + 1] = codes[step]
    return codes[1:]


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


@given(st.integers(1, 60), st.integers(1, BOOKS), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_held_steps_return_and_take_a_flag_only(steps, books, seed):
    codes, held = drawn(steps, books, seed), flags(steps, seed)
    writer, reader, meter = (MODEL.coder(0, books) for _ in range(3))
    for _ in range(2):  # memory goes on, what is repeated doesn't
        payload = writer.encode(codes, held)
        again, said = reader.decode_dtx(payload, steps)
        assert (said == held).all()
        assert (again == repeated(codes, held)).all()
        likely = np.array(REPEAT_WIDTHS)[np.concatenate(([0], held[:-1]))]
        expected = entropy(meter.bits(again)[held == 0]) + entropy(np.where(held, likely, 2**16 - likely))
        assert abs(8 * len(payload) - expected) <= 16 or payload == b""


def test_a_pause_of_a_block_takes_two_bytes():
    codes, held = likely(BLOCK_STEPS), np.ones(BLOCK_STEPS, np.uint8)
    payload = MODEL.coder(0, BOOKS).encode(codes, held)
    assert len(payload) <= 2
    assert not MODEL.coder(0, BOOKS).decode_dtx(payload, BLOCK_STEPS)[0].any()


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
    codes, held = MODEL.coder(0, BOOKS).decode_dtx(payload, steps)
    assert (codes >= 0).all() and (codes < SIZES).all() and (held <= 1).all()
    assert (codes == repeated(codes, held)).all()


@given(st.binary(min_size=12, max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_bytes_say_is_written_the_same_way(payload):
    """Codes from any bytes, encoded again, begin as these bytes did: the coder has no blind spots."""
    codes = MODEL.coder(0, BOOKS).decode(payload, 8)
    again = MODEL.coder(0, BOOKS).encode(codes)
    assert (MODEL.coder(0, BOOKS).decode(again, 8) == codes).all()
    assert len(again) <= len(payload) + 1 or entropy(MODEL.coder(0, BOOKS).bits(codes)) > 8 * len(payload)


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
    assert MODEL.coder(0, 2).encode(empty, flags(0)) == b""
    assert MODEL.coder(0, 2).decode_dtx(b"", 0)[1].shape == (0,)


@pytest.mark.parametrize("wrong", [-1, SIZES[1]])
def test_codes_and_flags_are_checked(wrong):
    coder, codes = MODEL.coder(0, 2), drawn(5, 2)
    for held in (np.zeros(4, np.uint8), np.zeros(0, np.uint8), np.full(5, 2, np.uint8)):
        with pytest.raises(ValueError, match="flags of other steps"):
            coder.encode(codes, held)
    codes[3, 1] = wrong
    for function in (coder.encode, coder.bits):
        for bad in (codes, codes[:, :1]):
            with pytest.raises(ValueError, match="codes of other books"):
                function(bad)


@pytest.mark.parametrize("name", ["past", "views.2", "shifts"])
def test_tables_of_another_model_are_refused(name):
    tables, books = made()
    with pytest.raises(ValueError, match="other code books"):
        ContextModel(tables | {name: tables[name][..., :-1]}, books)
    del tables[name]
    with pytest.raises(ValueError, match=name):
        ContextModel(tables, books)


@pytest.mark.parametrize(
    ("name", "value"), [("age", 1 << 30), ("age", -(1 << 31)), ("shifts", 31), ("shifts", -1), ("shifts", 20)]
)
def test_tables_that_would_overflow_are_refused(name, value):
    tables, books = made()
    tables[name] = np.full_like(tables[name], value)
    with pytest.raises(ValueError, match="out of range"):
        ContextModel(tables, books)
    tables[name] = tables[name].astype(np.float32)
    with pytest.raises(ValueError, match="other code books"):
        ContextModel(tables, books)
