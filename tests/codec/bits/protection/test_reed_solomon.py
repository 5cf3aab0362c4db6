"""Parity of Reed and Solomon: of a group, as many payloads are restored as there is parity."""

import random
from itertools import combinations

import pytest

from sottovoce.codec.bits.protection.numbered import NumberedBlock
from sottovoce.codec.bits.protection.reed_solomon import ParityRecord, protect, restore


def payloads(count: int, seed: int) -> list[bytes]:
    draw = random.Random(seed)
    return [NumberedBlock(48 + i, 0, draw.randbytes(draw.randrange(30))).payload for i in range(count)]


@pytest.mark.parametrize(("count", "parity"), [(1, 1), (4, 2), (3, 4), (6, 3)])
def test_every_pattern_of_losses(count, parity):
    held = payloads(count, parity)
    framed = protect(48, held, parity)
    size = len(framed) // parity
    bodies = [ParityRecord.parse(framed[i * size + 1 : (i + 1) * size - 2]) for i in range(parity)]
    assert [(one.first, one.blocks, one.place) for one in bodies] == [(48, count, i) for i in range(parity)]
    assert all(one.pack() == framed[i * size : (i + 1) * size] for i, one in enumerate(bodies))
    for number in range(parity + 1):
        for lost in combinations(range(count + parity), number):
            left = [None if i in lost else one for i, one in enumerate(held)]
            parities = {i: one.body for i, one in enumerate(bodies) if count + i not in lost}
            if parities:
                assert restore(48, left, parities, parity) == held


def test_contradictions_are_not_believed():
    held = payloads(4, 1)
    framed = protect(48, held, 1)
    body = ParityRecord.parse(framed[1:-2]).body
    assert restore(48, [None, *held[1:]], {0: body}, 1) == held
    assert restore(32, [None, *held[1:]], {0: body}, 1) is None
    assert restore(48, [None, *held[:3]], {0: body}, 1) is None
    assert restore(48, [None, *held[1:3], bytes(99)], {0: body}, 1) is None


@pytest.mark.parametrize("payload", [b"\0", b"\x7f12345", b"\x80\0123"[:4], b"\x81\0123456", b"\xff\0123456"])
def test_payloads_that_are_no_parity(payload):
    assert ParityRecord.parse(payload) is None
