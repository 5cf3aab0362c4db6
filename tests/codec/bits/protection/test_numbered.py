"""Entropy coded files: blocks with numbers, whose sizes tell nothing. Their coder is a toy here."""

import io
import random
from itertools import pairwise

import numpy as np
import pytest
from helpers.mutations import mutated
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import FormatError, Header, Reader, Writer
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.bits.protection.numbered import MAX_AHEAD, NUMBERS, NumberedBlock

WIDTHS = (10, 7, 7)
STEP = 640


class Toy:
    """Codes less those of the step before, without the zeros at the end, from a reset on."""

    def __init__(self):
        self.packing = BitPacking(WIDTHS)
        self.forgotten = False

    def reset(self):
        self.forgotten = True

    def encode(self, codes, held):
        assert held is None
        assert self.forgotten
        self.forgotten = False
        return self.packing.pack(codes).rstrip(b"\0")

    def decode(self, payload, steps):
        assert self.forgotten
        self.forgotten = False
        size = self.packing.size(steps)
        return self.packing.unpack(payload[:size].ljust(size, b"\0"), steps)


def random_codes(steps: int, seed: int = 0):
    codes = np.random.default_rng(seed).integers(0, 1 << np.array(WIDTHS), (steps, 3), np.int16)
    codes[:, 1:] //= 9
    return codes


def write(steps: int, known: bool = True, seed: int = 0) -> tuple[bytes, np.ndarray, list[int]]:
    """A file, its codes, and where its header, its blocks and its end begin."""
    codes, samples = random_codes(steps, seed), max(0, steps * STEP - 100)
    file = io.BytesIO()
    header = Header(b"abcd", 1, samples if known else None, 16000, 1, 99, b"who", coded=True)
    writer = Writer(file, header, WIDTHS, step=STEP, coder=Toy())
    starts = [file.tell()]
    for at in range(0, steps, 50):
        writer.write(codes[at : at + 50])
        starts.append(file.tell())
    writer.close(samples)
    if steps % 50:
        starts[-1] = len(file.getvalue()) - (1 if known else 3 + 1 + samples.bit_length() // 7)
    return file.getvalue(), codes, starts


def read(data: bytes):
    reader = Reader(io.BytesIO(data))
    blocks = list(reader.blocks(WIDTHS, step=STEP, coder=Toy()))
    return reader, blocks


def codes_of(blocks):
    rows = (np.full((block.steps, 3), -1) if block.codes is None else block.codes for block in blocks)
    return np.concatenate([np.zeros((0, 3), np.int16), *rows])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 49, 50, 51, 130, 50 * 70])
def test_there_and_back(steps, known):
    data, codes, _ = write(steps, known)
    reader, blocks = read(data)
    np.testing.assert_array_equal(codes_of(blocks), codes)
    assert reader.total_samples == max(0, steps * STEP - 100)
    assert reader.complete and not reader.trailing and reader.header.coded
    assert (reader.damaged_steps, reader.missing_steps) == (0, 0)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("steps", [130, 150])
def test_any_wrong_byte_costs_one_block_at_most(steps, known):
    data, codes, starts = write(steps, known)
    for at in range(starts[0], len(data)):
        broken = bytearray(data)
        broken[at] ^= 1 + at % 255
        reader, blocks = read(bytes(broken))
        rows = codes_of(blocks)
        hurt = {int(row) // 50 for row in np.flatnonzero((rows[:steps] != codes[: len(rows)]).any(1))}
        assert len(hurt) <= 1
        if known or at < starts[-1]:
            assert len(rows) == steps and reader.damaged_steps in (0, 50, steps % 50)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("gone", [[0], [1], [2], [1, 2], [0, 3], list(range(4, 34))])
def test_blocks_that_are_gone_are_concealed_in_their_places(gone, known):
    data, codes, starts = write(50 * 40 - 7, known)
    kept = [data[start:stop] for start, stop in pairwise(starts)]
    left = data[: starts[0]] + b"".join(one for at, one in enumerate(kept) if at not in gone) + data[starts[-1] :]
    reader, blocks = read(left)
    rows = codes_of(blocks)
    assert len(rows) == len(codes) and reader.complete
    lost = np.isin(np.arange(len(codes)) // 50, gone)
    assert (rows[lost] == -1).all()
    np.testing.assert_array_equal(rows[~lost], codes[~lost])


@pytest.mark.parametrize("known", [True, False])
def test_cut_off(known):
    data, _, starts = write(50 * 6, known)
    reader, blocks = read(data[: starts[4] + 20])
    assert len(codes_of(blocks)) == 200 and not reader.complete
    assert reader.missing_steps == (100 if known else 0)
    assert reader.total_samples == 200 * STEP


def test_a_block_twice_is_played_once():
    data, codes, starts = write(50 * 6)
    twice = data[: starts[3]] + data[starts[2] : starts[3]] + data[starts[3] :]
    reader, blocks = read(twice)
    np.testing.assert_array_equal(codes_of(blocks), codes)
    assert reader.complete


@given(st.integers(0, 10**6), st.integers(0, 63), st.binary(max_size=40), st.booleans())
def test_records(number, steps, body, changes):
    record = NumberedBlock(number, steps, body, changes).pack()
    payload = record[1 if len(record) < 131 else 2 : -2]
    assert NumberedBlock.parse(payload) == (number % NUMBERS, steps, body, changes)
    for due in range(max(0, number - 100), number + 100):
        ahead = NumberedBlock(number % NUMBERS, steps, body).ahead_of(due)
        assert ahead is None or (0 <= ahead <= MAX_AHEAD and (due + ahead - number) % NUMBERS == 0)


@pytest.mark.parametrize("payload", [b"\x80", b"\xff\1", b"\x40", b"\x41\0"])
def test_payloads_that_cannot_be(payload):
    assert NumberedBlock.parse(payload) is None


def test_a_coder_belongs_to_a_header_that_says_so():
    header = Header(b"abcd", 1, 640, 16000, 1, 99, b"who", coded=True)
    with pytest.raises(ValueError, match="coder"):
        Writer(io.BytesIO(), header, WIDTHS, step=STEP)
    with pytest.raises(FormatError, match="without a context model"):
        Reader(io.BytesIO(write(10)[0])).blocks(WIDTHS, step=STEP)
    with pytest.raises(ValueError, match="packets"):
        Header(b"abcd", 1, None, 16000, 1, 99, b"who", packet_steps=1, coded=True)


def test_mutations_are_borne():
    files = [write(steps, known)[0] for known in (True, False) for steps in (0, 30, 170)]
    draw = random.Random(1)
    hurt = 0
    for turn in range(6000):
        data = mutated(files[turn % len(files)], draw, 12)
        try:
            reader, blocks = read(data)
        except FormatError:
            continue
        assert sum(block.steps for block in blocks) <= 33 * 50 * (1 + len(data) // 5)
        hurt += bool(reader.damaged_steps or reader.missing_steps)
    assert hurt > 1000
