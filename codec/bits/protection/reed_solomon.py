"""Forward error correction: parity records, by which lost blocks of a group are restored.

The code is that of Reed and Solomon (1960, Journal of the Society for Industrial and Applied Mathematics 8) over
GF(256), with the polynomial 0x11d and the roots 1, 2, 4 … of the generator: what `reedsolo` takes by default. Each byte
position has a code word of its own, of which a lost block is one byte, at a known place: as many can be lost as there
is parity.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sottovoce.codec.bits.protection.numbered import NUMBERS, NumberedBlock
from sottovoce.codec.bits.records import pack_block

if TYPE_CHECKING:
    from reedsolo import RSCodec

GROUP = 16
"""Blocks that are protected together; the last group of a file may have fewer."""

_PARITY = 1 << 7  # in the tag
_HEAD, _LENGTH = 2, 2  # bytes before the parity, and before the payload of a block that it protects
EXTRA = _HEAD + _LENGTH
"""Bytes that the payload of a parity record has more than the longest block's of its group."""


class ParityRecord(NamedTuple):
    """What the payload of a parity record holds.

    Attributes
    ----------
    first : int
        Number of the group's first block, stored modulo 64.
    blocks : int
        Blocks of the group, 1 to 16.
    place : int
        Which of the group's parity records it is, 0 to 15.
    body : bytes
        The parity.
    """

    first: int
    blocks: int
    place: int
    body: bytes

    def pack(self) -> bytes:
        """Return the whole record."""
        head = _PARITY | self.first % NUMBERS, self.place << 4 | self.blocks - 1
        return pack_block(bytes(head) + self.body)

    @classmethod
    def parse(cls, payload: bytes) -> "ParityRecord | None":
        """Return what a payload holds, or None where it is not that of a parity record."""
        if payload[0] < _PARITY or len(payload) <= EXTRA or payload[0] % GROUP:
            return None
        return cls(payload[0] % NUMBERS, payload[1] % 16 + 1, payload[1] >> 4, payload[_HEAD:])


def protect(first: int, payloads: Sequence[bytes], parity: int) -> bytes:
    """Return the parity records of a group.

    Parameters
    ----------
    first : int
        Number of its first block.
    payloads : sequence of bytes
        Of its blocks, 1 to 16.
    parity : int
        Number of parity records: the number of blocks and records of the group that may be lost.
    """
    code = _code(parity)
    size = _LENGTH + max(map(len, payloads))
    words = [code.encode(bytes(column)) for column in zip(*(_row(one, size) for one in payloads), strict=True)]
    bodies = list(zip(*words, strict=True))[len(payloads) :]
    return b"".join(ParityRecord(first, len(payloads), i, bytes(body)).pack() for i, body in enumerate(bodies))


def restore(
    first: int, payloads: Sequence[bytes | None], bodies: Mapping[int, bytes], parity: int
) -> list[bytes] | None:
    """Return the payloads of all blocks of a group.

    Parameters
    ----------
    first : int
        Number of its first block.
    payloads : sequence of bytes or None
        Of its blocks; None for those that are lost.
    bodies : mapping of int to bytes
        By its number what each parity record holds that isn't lost: at least as many as blocks are lost.
    parity : int
        How many there were.

    Returns
    -------
    list of bytes or None
        None where they contradict each other: a checksum was right by chance.
    """
    size = len(next(iter(bodies.values())))
    rows = [None if one is None else _row(one, size) for one in payloads] + [bodies.get(i) for i in range(parity)]
    if any(row is not None and len(row) != size for row in rows) or (whole := _solved(rows, len(payloads))) is None:
        return None
    restored = [_payload(row, first + i) for i, row in enumerate(whole)]
    return None if None in restored else restored  # type: ignore[return-value]


def _solved(rows: Sequence[bytes | None], count: int) -> list[bytes] | None:
    """The first `count` rows from any `count` rows of all; None where others that are there contradict these.

    Whole rows at once: to decode each column would let a few hostile kilobytes hold a reader up for seconds. The
    equations of a code word have Vandermonde's matrix of a point for each row, so each row that isn't used is a sum of
    those that are, with Lagrange's factors.
    """
    log, power = _field()
    points = [power[len(rows) - 1 - i] for i in range(len(rows))]
    used = dict([(i, row) for i, row in enumerate(rows) if row is not None][:count])
    others = [i for i in range(len(rows)) if i not in used]

    def apart(place: int, places: Sequence[int]) -> int:
        """Logarithm of the product of the distances to other places."""
        return sum(log[points[place] ^ points[other]] for other in places if other != place)

    solved = dict(used)
    weights = {i: apart(i, others) for i in used}
    for place in others:
        if place >= count and rows[place] is None:
            continue  # parity that nobody needs
        own, total = apart(place, others), 0
        for i, row in used.items():
            factor = power[(weights[i] - apart(i, [place]) - own) % 255]
            total ^= int.from_bytes(row.translate(_times(factor)), "little")
        solved[place] = total.to_bytes(len(row), "little")
        if rows[place] not in (None, solved[place]):
            return None
    return [solved[i] for i in range(count)]


def _row(payload: bytes, size: int) -> bytes:
    """What is protected of a block."""
    return (len(payload).to_bytes(_LENGTH, "little") + payload).ljust(size, b"\0")


def _payload(row: bytes, number: int) -> bytes | None:
    """The payload of the block `number`, or None where it can't be that."""
    stop = _LENGTH + int.from_bytes(row[:_LENGTH], "little")
    payload = row[_LENGTH:stop]
    if not payload or stop > len(row) or any(row[stop:]):
        return None
    one = NumberedBlock.parse(payload)
    return payload if one and one.number == number % NUMBERS else None


@lru_cache
def _field() -> tuple[Sequence[int], Sequence[int]]:
    """Logarithms to the base 2 in GF(256), and the powers of 2."""
    from reedsolo import init_tables

    log, power, _ = init_tables()
    return log, power


@lru_cache(256)
def _times(factor: int) -> bytes:
    """The products of a factor, not 0, and each byte."""
    log, power = _field()
    return bytes(power[(log[factor] + log[byte]) % 255] if byte else 0 for byte in range(256))


@lru_cache
def _code(parity: int) -> "RSCodec":
    from reedsolo import RSCodec  # here, as few files need it

    return RSCodec(parity)
