"""Damage stays local, is counted, and never costs more than the bytes that are there."""

import binascii
import io
import itertools
import random

import numpy as np
import pytest

from sottovoce.codec.bits import FormatError, Header, Reader, Writer, crc
from sottovoce.codec.bits.crc import append_crc
from sottovoce.codec.bits.reader import MAX_CONCEALED_BLOCKS
from sottovoce.codec.bits.records import block_size, pack_block, pack_end

STEP = 640
WIDTHS = (10, 7, 7)
SMALL = {"step": STEP, "block_steps": 4}  # of 24 bits: 12 bytes of payload, 15 in all
LARGE = {"step": STEP, "block_steps": 50}
MOST_READ = 1 << 16


class Stream(io.BytesIO):
    """Bytes of which no one asks for an unreasonable number at once."""

    def read(self, count=-1):
        assert 0 < count <= MOST_READ
        return super().read(count)


def random_codes(steps: int, seed: int = 1):
    return np.random.default_rng(seed).integers(0, 1 << np.array(WIDTHS), (steps, 3), np.int16)


def write(codes, known: bool, short_by: int = 100, **sizes) -> tuple[bytes, int]:
    """Return a file and the size of its header."""
    samples = max(0, len(codes) * STEP - short_by)
    stream = io.BytesIO()
    writer = Writer(stream, Header(b"abcd", 1, samples if known else None, 16000, 1, 99, b"who"), WIDTHS, **sizes)
    head = len(stream.getvalue())
    writer.write(codes)
    writer.close(samples)
    return stream.getvalue(), head


def read(data: bytes, **sizes):
    reader = Reader(Stream(data))
    blocks = list(reader.blocks(WIDTHS, **sizes))
    assert sum(block.steps for block in blocks if block.codes is None) == reader.damaged_steps
    steps = sum(block.steps for block in blocks)
    assert reader.total_samples <= steps * sizes["step"]
    assert all(1 <= block.steps <= sizes["block_steps"] for block in blocks)
    return reader, blocks


def codes_of(blocks):
    """All steps, those without codes as rows of -1."""
    rows = (np.full((block.steps, 3), -1) if block.codes is None else block.codes for block in blocks)
    return np.concatenate([np.zeros((0, 3), np.int16), *rows])


def hurt(found, codes) -> set[int]:
    """Return which blocks of SMALL are lost; the others must be right."""
    assert len(found) == len(codes)
    lost = (found == -1).all(axis=1)
    assert np.array_equal(found[~lost], codes[~lost])
    return set((np.flatnonzero(lost) // 4).tolist())


FILES = list(itertools.product((True, False), (18, 20)))  # with known length or not, the last block short or full


@pytest.mark.parametrize(("known", "steps"), FILES)
def test_every_truncation(known, steps):
    codes = random_codes(steps)
    data, head = write(codes, known, **SMALL)
    for size in range(len(data)):
        if size < head:
            with pytest.raises(FormatError):
                read(data[:size], **SMALL)
            continue
        reader, blocks = read(data[:size], **SMALL)
        found = codes_of(blocks)
        whole = (size - head) // 15 * 4 if size < len(data) - (1 if known else 5) else steps
        assert np.array_equal(found, codes[:whole])  # all that is whole, and nothing else
        assert not reader.complete and not reader.trailing and reader.damaged_steps == 0
        assert reader.missing_steps == (steps - whole if known else 0)
        assert reader.total_samples == min(whole * STEP, steps * STEP - (100 if known else 0))


@pytest.mark.parametrize(("known", "steps"), FILES)
def test_every_wrong_byte_hurts_only_its_block(known, steps):
    codes = random_codes(steps)
    data, head = write(codes, known, **SMALL)
    blocks_end = len(data) - (1 if known else 5)
    for at in range(len(data)):
        for wrong in {1, 0x80, 0xFF, data[at], 12 ^ data[at]} - {0}:
            broken = bytearray(data)
            broken[at] ^= wrong
            if at < head:
                with pytest.raises(FormatError):
                    read(bytes(broken), **SMALL)
                continue
            reader, blocks = read(bytes(broken), **SMALL)
            if at < blocks_end:
                assert hurt(codes_of(blocks), codes) == {(at - head) // 15}
                assert reader.complete and not reader.trailing and reader.missing_steps == 0
                assert reader.total_samples == steps * STEP - 100
            else:
                assert hurt(codes_of(blocks), codes) == set() and not reader.complete


@pytest.mark.parametrize("known", [True, False])
def test_every_pair_of_hurt_blocks(known):
    codes = random_codes(22)
    data, head = write(codes, known, **SMALL)
    for pair in itertools.combinations(range(6), 2):
        for place in (0, 5, 7):  # the length or the payload
            broken = bytearray(data)
            for block in pair:
                broken[head + 15 * block + place] ^= 0x55
            reader, blocks = read(bytes(broken), **SMALL)
            assert hurt(codes_of(blocks), codes) == set(pair)
            assert reader.complete and reader.total_samples == 22 * STEP - 100


@pytest.mark.parametrize("known", [True, False])
def test_every_lost_or_added_byte(known):
    codes = random_codes(22)
    data, head = write(codes, known, **SMALL)
    for at in range(head, head + 15 * 5):  # all but the last block
        for broken in (data[:at] + data[at + 1 :], data[:at] + b"\x55" + data[at:]):
            reader, blocks = read(broken, **SMALL)
            assert hurt(codes_of(blocks), codes) <= {(at - head) // 15}
            assert reader.complete and reader.missing_steps == 0 and reader.total_samples == 22 * STEP - 100


@pytest.mark.parametrize("known", [True, False])
def test_what_follows_the_end_is_reported(known):
    codes = random_codes(18)
    data, _ = write(codes, known, **SMALL)
    for after in (b"\0", b"x", data, bytes(100_000)):
        reader, blocks = read(data + after, **SMALL)
        assert hurt(codes_of(blocks), codes) == set()
        assert reader.complete and reader.trailing and reader.missing_steps == reader.damaged_steps == 0


@pytest.mark.parametrize("samples", [2**60, 2**64 - 1])
@pytest.mark.parametrize("rest", [b"", b"\0", pack_block(bytes(12)), bytes(1000), b"\xff" * 1000])
def test_an_enormous_promise_is_not_believed(samples, rest):
    data = Header(b"abcd", 1, samples, 16000, 1, 99).pack() + rest
    reader, blocks = read(data, **SMALL)
    assert len(blocks) <= len(rest) // 15
    assert reader.missing_steps == -(-samples // STEP) - 4 * len(blocks)
    assert reader.total_samples == 4 * len(blocks) * STEP and not reader.complete


def test_an_enormous_length_in_the_end_is_not_believed():
    head = Header(b"abcd", 1, None, 16000, 1, 99).pack()
    for middle, steps in ((b"", 0), (pack_block(bytes(12)), 4), (b"x" * 20, 8)):
        reader, _ = read(head + middle + pack_end(2**64 - 1), **SMALL)
        assert reader.total_samples == steps * STEP and reader.complete
        assert reader.missing_steps == -(-(2**64 - 1) // STEP) - steps


def test_a_whole_block_taken_out_is_missing():
    codes = random_codes(18)
    data, head = write(codes, True, **SMALL)
    reader, blocks = read(data[: head + 15] + data[head + 30 :], **SMALL)
    assert np.array_equal(codes_of(blocks), np.concatenate((codes[:4], codes[8:])))
    assert reader.missing_steps == 4 and reader.complete


def test_much_rubbish():
    rubbish = random.Random(1).randbytes(1 << 18)
    for samples in (None, 2**60):
        reader, blocks = read(Header(b"abcd", 1, samples, 16000, 1, 99).pack() + rubbish, **SMALL)
        assert len(blocks) <= len(rubbish) // 15 + 1 and len(reader._source._held) == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_long_stretch_of_damage_is_concealed_for_a_minute_only(known):
    codes = random_codes(50 * 4 - 1)
    data, head = write(codes, known, **SMALL)
    broken = data[: head + 15] + bytes(15 * 40) + data[head + 15 * 41 :]
    reader, blocks = read(broken, **SMALL)
    rows = codes_of(blocks)
    assert [block.codes is None for block in blocks] == [False] + [True] * MAX_CONCEALED_BLOCKS + [False] * 9
    assert np.array_equal(rows[-35:], codes[-35:])
    assert (reader.missing_steps, reader.damaged_steps) == (40, 120)
    assert reader.total_samples == len(rows) * STEP - 100
    assert reader.complete and not reader.trailing


@pytest.mark.parametrize("samples", [None, 2**60])
def test_rubbish_costs_a_constant_number_of_operations_for_each_byte(samples, monkeypatch):
    summed = []
    monkeypatch.setattr(crc, "crc_hqx", lambda data, start: summed.append(len(data)) or binascii.crc_hqx(data, start))
    counts = []
    for size in (1 << 17, 1 << 18):
        read(Header(b"abcd", 1, samples, 16000, 1, 99).pack() + random.Random(1).randbytes(size), **LARGE)
        counts.append((len(summed), sum(summed)))
        summed.clear()
    assert counts[0][0] < 2 * (1 << 17)
    for once, twice in zip(*counts, strict=True):
        assert twice < 2.2 * once


def mutate(data: bytes, head: int, chance: random.Random) -> bytes:
    """Return `data` after one to three accidents."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        size = len(broken)
        at = chance.randrange(size) if size else 0
        to = min(size, at + chance.choice((1, 1, 2, 5, 15, 40)))
        match chance.randrange(8):
            case 0:
                broken[at:to] = (byte ^ 1 << chance.randrange(8) for byte in broken[at:to])
            case 1:
                broken[at:to] = chance.randbytes(to - at)
            case 2:
                del broken[at:to]
            case 3:
                broken[at:at] = chance.randbytes(to - at)
            case 4:
                broken[at:at] = broken[at:to]
            case 5:
                del broken[at:]
            case 6:
                broken[at:to] = chance.choice((b"\0", b"\xff", b"\x80", b"\x0c")) * (to - at)
            case 7 if size > head:  # a wrong header with the right checksum
                body = bytearray(broken[: head - 2])
                body[chance.randrange(4, head - 2)] = chance.choice((0, 1, 4, 8, 12, 0x7F, 0x80, 0xFF))
                broken[:head] = append_crc(bytes(body))
    return bytes(broken)


def test_a_hundred_thousand_mutations():
    files = [write(random_codes(steps), known, **SMALL) for known in (True, False) for steps in (0, 3, 14)]
    chance = random.Random(20)
    refused = hurt = fine = 0
    for turn in range(100_000):
        data, head = files[turn % len(files)]
        broken = mutate(data, head, chance)
        try:
            reader, blocks = read(broken, **SMALL)
        except FormatError as error:
            assert error.reason and error.remedy
            refused += 1
            continue
        # Every step was paid for: the smallest whole block has 6 bytes; damage costs a full block's, or its half.
        assert len(blocks) <= len(broken) // 6
        assert reader.damaged_steps // 4 <= 2 * len(broken) // block_size(12)
        if reader.damaged_steps or reader.missing_steps or reader.trailing or not reader.complete:
            hurt += 1
        else:
            fine += 1
    assert min(refused, hurt, fine) > 1000


def test_a_whole_block_too_small_for_a_step():
    data = Header(b"abcd", 1, None, 16000, 1, 99).pack() + pack_block(b"\1\2") + pack_end(0)
    reader, blocks = read(data, **SMALL)
    assert not blocks and reader.complete and reader.total_samples == 0
