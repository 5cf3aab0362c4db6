"""Blocks that carry their numbers, for files in which the sizes of blocks don't tell what was lost between them."""

from typing import NamedTuple

from sottovoce.codec.bits.records import pack_block

NUMBERS = 64
"""Blocks are numbered modulo this."""

MAX_AHEAD = NUMBERS // 2
"""Largest difference in blocks between a number and the expected one; a larger one is a false match or too late."""

HEAD = 2
"""Bytes of a payload before its codes, at most."""

_SHORT = 1 << 6
_STEPS, _CHANGES = 0x3F, 1 << 7  # in the byte after such a tag


class NumberedBlock(NamedTuple):
    """What a block's payload holds.

    Attributes
    ----------
    number : int
        Of the block, counted from 0 and stored modulo 64.
    steps : int
        Of a block that says how many it has, 1 to 63; 0 where it has as many as are due.
    body : bytes
        Its codes and, where `changes` is set, before them where the voice changes.
    changes : bool
        Whether the voice changes in it.
    """

    number: int
    steps: int
    body: bytes
    changes: bool = False

    @property
    def payload(self) -> bytes:
        """The payload."""
        number, second = self.number % NUMBERS, self.steps | self.changes * _CHANGES
        return (bytes((number | _SHORT, second)) if second else bytes((number,))) + self.body

    def pack(self) -> bytes:
        """Return the whole block."""
        return pack_block(self.payload)

    @classmethod
    def parse(cls, payload: bytes) -> "NumberedBlock | None":
        """Return what a payload of at least one byte holds, or None where it is nothing that can be."""
        tag = payload[0]
        short = bool(tag & _SHORT)
        if tag >= _SHORT << 1 or len(payload) < 1 + short or (short and not payload[1]):
            return None
        second = payload[1] if short else 0
        if second & ~(_STEPS | _CHANGES):
            return None
        return cls(tag % NUMBERS, second & _STEPS, payload[1 + short :], bool(second & _CHANGES))

    def ahead_of(self, due: int) -> int | None:
        """Return by how many blocks it is ahead of the one that is due, or None where it can't be one to come."""
        ahead = (self.number - due) % NUMBERS
        return ahead if ahead <= MAX_AHEAD else None
