"""Protected files: what is lost of a group is restored, as far as its parity reaches."""

import io
import random

import numpy as np
import pytest
from helpers.coded_toy import CodedToy
from helpers.mutations import mutated
from helpers.protected_files import (
    HARMS,
    STEP,
    TOY,
    WIDTHS,
    flipped,
    groups,
    random_codes,
    read,
    wiped,
    write,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.codec.bits import FormatError, Header, Reader, varint
from sottovoce.codec.bits.crc import append_crc
from sottovoce.codec.bits.protection import reed_solomon
from sottovoce.codec.bits.protection.numbered import NumberedBlock
from sottovoce.codec.bits.protection.reed_solomon import GROUP, ParityRecord
from sottovoce.codec.bits.records import Framing


@pytest.mark.parametrize("parity", [1, 2, 16])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 49, 50, 51, 50 * 16, 50 * 16 + 1, 50 * 70 - 3])
def test_there_and_back(steps, known, parity):
    data = write(steps, parity, known)
    reader, codes = read(data)
    np.testing.assert_array_equal(codes, random_codes(steps))
    assert (reader.restored_blocks, reader.damaged_steps, reader.missing_steps, reader.skipped) == (0, 0, 0, 0)
    assert reader.complete and not reader.trailing and reader.header.protection == parity
    assert reader.total_samples == max(0, steps * STEP - 100) and reader.taken == len(data)
    assert reader.protecting_bytes == len(data) - len(write(steps, 0, known))


def test_held_steps():
    data = write(50 * 20, 2, True, True)
    for harm in HARMS:
        reader, codes = read(harm(data, groups(data)[0][3:5]))
        np.testing.assert_array_equal(codes, random_codes(50 * 20))
        assert reader.restored_blocks == 2


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_as_many_as_there_is_parity_are_restored_and_of_more_the_rest_is(data):
    parity, known = data.draw(st.sampled_from([1, 2, 3, 5, 16])), data.draw(st.booleans())
    steps = data.draw(st.sampled_from([20, 130, 50 * 16, 50 * 33 - 7, 50 * 70]))
    harm = data.draw(st.sampled_from(HARMS))
    file, expected = write(steps, parity, known), random_codes(steps)
    spans, beyond = [], []
    for number, group in enumerate(groups(file)):
        too_many = data.draw(st.booleans()) and len(group) > parity + 1
        size = parity + 1 if too_many else data.draw(st.integers(0, parity))
        lost = data.draw(st.permutations(range(len(group))))[:size]
        spans += [group[i] for i in lost]
        if too_many:
            beyond += [number * GROUP + i for i in lost if i < len(group) - parity]
    reader, codes = read(harm(file, spans))
    lost = np.isin(np.arange(steps) // 50, beyond)
    np.testing.assert_array_equal(codes[~lost[: len(codes)]], expected[~lost][: len(codes)])
    if len(codes) < steps:  # nothing told that there was more
        assert lost[len(codes) :].all() and not known
    assert (codes[lost[: len(codes)]] == -1).all()
    assert reader.complete or flipped is harm


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("steps", [130, 50 * 17])
def test_any_wrong_byte_costs_nothing(steps, known):
    data = write(steps, 1, known)
    for at in range(0, len(data), 1 if steps < 200 else 4):
        broken = bytearray(data)
        broken[at] ^= 1 + at % 255
        reader, codes = read(bytes(broken))
        np.testing.assert_array_equal(codes, random_codes(steps))
        assert (reader.damaged_steps, reader.missing_steps) == (0, 0)
        assert reader.total_samples == steps * STEP - 100
        assert reader.complete or at == len(data) - 1


def test_wherever_it_is_cut_off_all_before_is_there():
    data = write(50 * 20 - 3, 2)
    ends = [stop for group in groups(data) for _, stop in group[: 16 if len(group) == 18 else -2]]
    first = len(Reader(io.BytesIO(data)).header.pack())
    for size in range(first, len(data), 3):
        _, codes = read(data[:size])
        whole = sum(stop <= size for stop in ends)
        np.testing.assert_array_equal(codes[: 50 * whole], random_codes(997)[: 50 * whole])
        assert (codes[50 * whole :] == -1).all()
        assert len(codes) == min(50 * whole, 997) or data[size - 1] == 0  # which may be the end


class Dripping(io.BytesIO):
    """A pipe that knows how much of it was asked for."""

    def read(self, count=-1):
        return super().read(min(count, 3))


def test_nothing_is_read_ahead_of_whole_blocks():
    data = write(50 * 40, 2)
    pipe = Dripping(data)
    reader = Reader(pipe)
    assert pipe.tell() == reader.taken == 2 * len(reader.header.pack())
    stops = [stop for group in groups(data) for _, stop in group[: len(group) - 2]]
    for block, stop in zip(reader.blocks(WIDTHS, step=STEP, coder=CodedToy(TOY)), stops, strict=True):
        assert block.codes is not None and pipe.tell() == stop


def test_what_follows_a_lost_block_waits_for_the_parity_and_no_longer():
    data = write(50 * 40, 2)
    first, second, _ = groups(data)
    for lost, until in (((3,), first[16]), ((3, 5), first[17]), ((3, 5, 7), first[9]), ((3, 16), second[0])):
        pipe = Dripping(wiped(data, [first[i] for i in lost]))
        blocks = Reader(pipe).blocks(WIDTHS, step=STEP, coder=CodedToy(TOY))
        places = [pipe.tell() for _ in blocks][:17]
        assert places[:3] == [stop for _, stop in first[:3]] and places[3] == until[1]
    pipe = Dripping(wiped(data, [first[3], *first[16:]]))
    places = [pipe.tell() for _ in Reader(pipe).blocks(WIDTHS, step=STEP, coder=CodedToy(TOY))]
    assert places[3] == second[1][1]


def test_two_files_with_damaged_headers():
    one, two = write(130, 2), write(70, 1, False, seed=1)
    size = len(Reader(io.BytesIO(two)).header.pack())
    for at in range(0, 2 * size):
        broken = bytearray(one + two)
        broken[len(one) + at] ^= 8
        broken[at] ^= 8
        first, codes = read(io.BytesIO(broken))
        np.testing.assert_array_equal(codes, random_codes(130))
        assert bool(first.skipped) == (at < len(Reader(io.BytesIO(one)).header.pack()))
        reader = Reader(io.BytesIO(broken))
        list(reader.blocks(WIDTHS, step=STEP, coder=CodedToy(TOY)))
        second = reader.another()
        assert second.header.protection == 1 and not reader.trailing
        assert second.skipped == (size if at < size else 0)
        blocks = list(second.blocks(WIDTHS, step=STEP, coder=CodedToy(TOY)))
        np.testing.assert_array_equal(np.concatenate([one.codes for one in blocks]), random_codes(70, 1))
        assert second.another() is None and not second.trailing


def test_the_same_file_twice_is_two_files():
    data = write(130, 2)
    reader, _ = read(io.BytesIO(data + data))
    assert reader.another() is not None
    cut_off = data[: len(Reader(io.BytesIO(data)).header.pack())]
    reader, codes = read(io.BytesIO(cut_off + data))
    assert len(codes) == 0
    assert reader.another() is not None


@pytest.mark.parametrize("start", [b"", b"RIFF....WAVE", b"\x89PNG\r\n\x1a\n" * 9, b"text\n" * 100_000, bytes(300_000)])
def test_what_is_no_file_is_none_as_before(start):
    with pytest.raises(FormatError, match="not a .sotto file" if start else "empty"):
        Reader(io.BytesIO(start))


def test_unprotected_files_are_not_looked_for():
    data = write(130, 0)
    with pytest.raises(FormatError, match=r"not a \.sotto file"):
        Reader(io.BytesIO(b"x" + data))
    assert Reader(io.BytesIO(b"x" + write(130, 1))).skipped == 1
    with pytest.raises(FormatError, match=r"not a \.sotto file"):
        Reader(io.BytesIO(bytes(1 << 18) + write(130, 1)))


def test_memory_is_that_of_a_group():
    data = write(50 * 300, 1)
    first = groups(data)
    spans = [group[0] for group in first] + [group[-1] for group in first]
    reader = Reader(io.BytesIO(wiped(data, spans)))
    most = 0
    for _ in reader.blocks(WIDTHS, step=STEP, coder=CodedToy(TOY)):
        most = max(most, len(reader._restoring._ready) + len(reader._restoring._group.found))
    assert most <= 2 * GROUP
    assert reader.restored_blocks == 0 and reader.damaged_steps == 50 * len(first)


@pytest.mark.parametrize("known", [True, False])
def test_parity_tells_where_speech_goes_on_after_any_loss(known):
    data, expected = write(50 * 100, 1, known), random_codes(50 * 100)
    for number in (1, 2, 3, 5):
        spans = [span for group in groups(data)[:number] for span in group[:GROUP]]
        reader, codes = read(wiped(data, spans))
        lost = number * GROUP
        np.testing.assert_array_equal(codes[50 * min(lost, 30) :], expected[50 * lost :])
        assert (codes[: 50 * min(lost, 30)] == -1).all()
        assert reader.missing_steps == 50 * max(0, lost - 30)
        assert reader.total_samples == 50 * 100 * STEP - 100 - reader.missing_steps * STEP


def hostile(name: str, parity: int) -> bytes:
    """Records that can't be restored, or not told from chance, and keep a reader busy with that."""
    draw = random.Random(3)
    match name:
        case "many blocks after parity":
            one = ParityRecord(0, 1, 0, draw.randbytes(303)).pack()
            records = [one, *(NumberedBlock(number, 0, b"").pack() for number in range(1, GROUP))]
        case "parity again and again":
            few = [NumberedBlock(number, 0, b"").pack() for number in range(8)]
            places = [*range(8), *[0] * 2000]
            records = few + [ParityRecord(0, GROUP, place, b"123").pack() for place in places]
        case _:  # each holds the beginnings of the others, and all of them two records in a row
            size, count = 300, 280
            data = bytearray(b"\xff" + draw.randbytes(count + size + 9))
            starts = range(1, count + 1, 4)
            for at in starts:
                data[at : at + 2] = varint.encode(size)
            data[count + 5 : count + 13] = 2 * NumberedBlock(1, 0, b"").pack()
            for at in starts:
                data[at : at + size + 4] = append_crc(bytes(data[at : at + size + 2]))
            records = [bytes(data)]
    head = Header(b"abcd", 1, None, 16000, 1, 99, coded=True, protection=parity).pack()
    return 2 * head + b"".join(records)


@pytest.mark.parametrize("parity", [1, 16])
@pytest.mark.parametrize("name", ["many blocks after parity", "parity again and again", "within each other"])
def test_hostile_records_take_no_longer_than_others(name, parity, monkeypatch):
    data = hostile(name, parity)
    looked = count_calls(monkeypatch, Framing, "_peek")
    factors = count_calls(monkeypatch, reed_solomon, "_times")
    reader, _ = read(data)
    assert not reader.restored_blocks
    assert looked() < 4 * len(data) and factors() < len(data) // 4


def count_calls(monkeypatch, where, name: str):
    """Count from now on how often a function is called."""
    plain, calls = getattr(where, name), []

    def counted(*args):
        calls.append(1)
        return plain(*args)

    monkeypatch.setattr(where, name, counted)
    return lambda: len(calls)


def test_mutations_are_borne():
    files = [write(steps, parity, known) for known in (True, False) for steps in (0, 30, 170) for parity in (1, 3)]
    draw = random.Random(1)
    restored = 0
    for turn in range(1200):
        data = mutated(files[turn % len(files)], draw)
        try:
            reader, codes = read(data)
        except FormatError:
            continue
        assert len(codes) <= 33 * 50 * (1 + len(data) // 5)
        restored += reader.restored_blocks
    assert restored > 200


@pytest.mark.parametrize("known", [True, False])
def test_random_bytes_are_borne(known):
    draw, data = random.Random(2), write(170, 2, known)
    head = Reader(io.BytesIO(data)).body
    for size in (1, 5, 100, 3000, 30_000):
        reader, codes = read(data[:head] + draw.randbytes(size))
        assert not reader.restored_blocks and len(codes) <= 33 * 50
        assert (
            read(data[: 2 * head] + draw.randbytes(size) + data[2 * head :])[1].tolist() == random_codes(170).tolist()
        )


@pytest.mark.parametrize("how", [{"protection": 17}, {"protection": -1}, {"protection": 1, "coded": False}])
def test_headers_that_cannot_be(how):
    with pytest.raises(ValueError, match="parity"):
        Header(b"abcd", 1, 640, 16000, 1, 99, **({"coded": True} | how))
