"""The search for codes that take few bits."""

import numpy as np
import pytest
from helpers.stub_context import MODEL, drawn, made

from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.offline.rate_search import _Search, cheaper_codes
from sottovoce.models.runtime.quantizer import Quantizer

BOOKS = 3
NETWORK = MODEL.pack(1, BOOKS)
QUANTIZER = Quantizer([book / np.float32(4096) for book in made()[1][:BOOKS]])


def test_bits_are_those_of_the_coder():
    codes = drawn(20, BOOKS, seed=3)
    search = _Search(QUANTIZER, NETWORK, 0.0)
    found = np.zeros(codes.shape)
    for step, row in enumerate(codes):
        hidden, chosen = search._hidden(), np.zeros((1, NETWORK.entries.shape[1]), np.int64)
        for k, code in enumerate(row):
            found[step, k] = search._bits(k, hidden, chosen)[0, code]
            chosen = chosen + (NETWORK.entries[NETWORK.first[k] + code].astype(np.int64) << int(NETWORK.shifts[2]))
        search._remember(row)
    widths = ContextCoder(NETWORK).bits(codes)
    likely = widths > 16  # others are rounded up to a whole frequency
    assert likely.sum() > 30 and np.allclose(found[likely], -np.log2(widths[likely] / 65536), atol=0.1)


@pytest.fixture
def latents() -> np.ndarray:
    chance = np.random.default_rng(1)
    rows = [book[chance.integers(0, len(book), 60)] for book in QUANTIZER.books]
    return (sum(rows) + chance.normal(0, 1.0, rows[0].shape)).astype(np.float32)


def test_no_weight_gives_the_nearest_codes(latents):
    assert np.array_equal(cheaper_codes(latents, QUANTIZER, NETWORK, 0.0), QUANTIZER(latents))
    assert cheaper_codes(latents[:0], QUANTIZER, NETWORK).shape == (0, BOOKS)


def test_bits_fall_and_errors_rise_with_the_weight(latents):
    sizes, errors = [], []
    for weight in (0.0, 0.05, 0.5):
        codes = cheaper_codes(latents, QUANTIZER, NETWORK, weight)
        sizes.append(len(ContextCoder(NETWORK).encode(codes)))
        error = latents - sum(book[codes[:, k]] for k, book in enumerate(QUANTIZER.books))
        errors.append(float(np.square(error).sum()))
    assert sizes[0] >= sizes[1] > sizes[2]
    assert errors[0] <= errors[1] < errors[2]
