import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sottovoce.codec.bits.range_coder import STATE_BITS, TOTAL_BITS, RangeDecoder, RangeEncoder

SLACK = 8.001
"""Bits that a stream may take beyond its symbols: a byte at the end, and next to nothing for rounding."""


@st.composite
def intervals(draw):
    """Symbols of one stream: intervals, each of its own resolution, thin and wide ones at either end among them."""
    symbols = []
    for _ in range(draw(st.integers(0, 60))):
        bits = draw(st.integers(0, TOTAL_BITS))
        total = 1 << bits
        low = draw(st.one_of(st.just(0), st.just(total - 1), st.integers(0, total - 1)))
        width = draw(st.one_of(st.just(1), st.just(total - low), st.integers(1, total - low)))
        symbols.append((low, width, bits))
    return symbols


def written(symbols):
    encoder = RangeEncoder()
    for symbol in symbols:
        encoder.encode(*symbol)
    return encoder.finish()


def entropy(symbols):
    return sum(bits - math.log2(width) for _, width, bits in symbols)


def assert_read(data, symbols):
    decoder = RangeDecoder(data)
    for low, width, bits in symbols:
        assert low <= decoder.target(bits) < low + width
        decoder.advance(low, width)


@given(intervals())
@example([(0, 1, 16)] * 40)
@example([(65535, 1, 16)] * 40)
@example([(0, 65535, 16)] * 400)
@example([(1, 65535, 16)] * 400)
def test_what_was_written_is_read_and_costs_its_entropy(symbols):
    data = written(symbols)
    assert_read(data, symbols)
    assert 8 * len(data) <= entropy(symbols) + SLACK


def reads(data, symbols):
    try:
        assert_read(data, symbols)
    except AssertionError:
        return False
    return True


@given(intervals())
@example([(0, 3, 16), (1, 65534, 16)])
def test_no_shorter_bytes_would_do(symbols):
    data = written(symbols)
    if data:
        shorter = int.from_bytes(data[:-1], "big")
        for number in (shorter, shorter + 1):
            if number < 1 << 8 * (len(data) - 1):
                assert not reads(number.to_bytes(len(data) - 1, "big"), symbols)


@given(intervals(), st.binary(max_size=8))
def test_bytes_after_a_stream_and_its_zeros_change_nothing(symbols, rest):
    assert_read(written(symbols) + b"\0" * 8 + rest, symbols)


def test_carries_run_back_through_many_bytes():
    # Just below one half for a long time, then just above it: all bytes change with the last symbol.
    symbols = [(0x7FFF, 1, 16), *[(0xFFFF, 1, 16)] * 50, (0xFFFF, 1, 16)]
    data = written(symbols)
    assert_read(data, symbols)
    low, width = Fraction(0), Fraction(1)
    for place, count, bits in symbols:
        low, width = low + width * Fraction(place, 1 << bits), width * Fraction(count, 1 << bits)
    value = Fraction(int.from_bytes(data, "big"), 256 ** len(data))
    assert low <= value < low + width


def test_a_carry_into_written_bytes_happens():
    encoder = RangeEncoder()
    carried = 0
    chance = random.Random(1)
    for _ in range(3000):
        before = bytes(encoder._out)
        encoder.encode(chance.randrange(65535), 2, 16)
        carried += not bytes(encoder._out).startswith(before)
    assert carried > 5


@given(st.binary(max_size=40), st.lists(st.integers(0, TOTAL_BITS), max_size=60), st.randoms(use_true_random=False))
def test_every_string_of_bytes_decodes_to_symbols(data, resolutions, chance):
    decoder = RangeDecoder(data)
    for bits in resolutions:
        target = decoder.target(bits)
        assert 0 <= target < 1 << bits
        low = chance.randint(0, target)
        decoder.advance(low, chance.randint(target + 1, 1 << bits) - low)
        assert 0 <= decoder._value < decoder._range <= 1 << STATE_BITS


@given(st.binary(min_size=1, max_size=30))
def test_decoding_undoes_encoding_the_other_way_round_too(data):
    """Bytes read as symbols of 16 bits and written again are the same: no string stands for nothing."""
    decoder, encoder = RangeDecoder(data), RangeEncoder()
    for _ in range(-(-len(data) // 2)):
        target = decoder.target(16)
        decoder.advance(target, 1)
        encoder.encode(target, 1, 16)
    assert encoder.finish() == data.rstrip(b"\0")


def test_no_symbols_take_no_bytes():
    assert RangeEncoder().finish() == b""


@pytest.mark.parametrize("symbol", [(0, 0, 4), (-1, 2, 4), (15, 2, 4), (16, 1, 4), (0, 1, 17), (0, 1, -1)])
def test_what_is_no_interval_is_refused(symbol):
    with pytest.raises(ValueError, match=r"interval|total_bits"):
        RangeEncoder().encode(*symbol)


def test_a_long_stream_costs_its_entropy():
    generator = np.random.default_rng(3)
    symbols = [(0, 1, 1), (1, 1, 1), (0, 65535, 16), (65535, 1, 16), (3, 77, 12)]
    stream = [symbols[i] for i in generator.integers(0, len(symbols), 100_000)]
    data = written(stream)
    assert_read(data, stream)
    assert -1 < 8 * len(data) - entropy(stream) <= SLACK


@st.composite
def distributions(draw):
    """Integer frequencies that sum to 2**16, flat or extreme, each at least one."""
    count = draw(st.integers(2, 256))
    peak = draw(st.sampled_from([0.0, 1.0, 8.0, 40.0]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = np.exp(peak * generator.standard_normal(count))
    places = np.floor(np.cumsum(weights) / weights.sum() * (65536 - count)).astype(int)
    places[-1] = 65536 - count
    return np.diff(places, prepend=0) + 1, generator


@settings(max_examples=40, deadline=None)
@given(distributions())
def test_as_short_as_constriction(made):
    constriction = pytest.importorskip("constriction")
    frequencies, generator = made
    chances = frequencies / 65536
    symbols = generator.choice(len(chances), 2000, p=chances).astype(np.int32)
    reference = constriction.stream.queue.RangeEncoder()
    reference.encode(symbols, constriction.stream.model.Categorical(chances, perfect=False))
    lows = np.cumsum(frequencies) - frequencies
    stream = [(int(lows[i]), int(frequencies[i]), 16) for i in symbols]
    data = written(stream)
    assert_read(data, stream)
    assert len(data) <= 4 * len(reference.get_compressed()) + 1  # its words have four bytes
    assert 8 * len(data) <= entropy(stream) + SLACK
