"""Blocks in a stream, and finding the next whole one after damage."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sottovoce.codec.bits import varint
from sottovoce.codec.bits.crc import CRC_BYTES, append_crc, has_valid_crc
from sottovoce.codec.bits.header import MAGIC, Header
from sottovoce.codec.bits.source import Source


@dataclass(frozen=True, slots=True)
class Record:
    """A whole block, or the end of a stream of unknown length.

    Parameters
    ----------
    size : int
        Bytes that it takes in the stream.
    payload : bytes
        Of a block; the end has none.
    samples : int or None
        Length of the recording, which only the end tells.
    restored : bool
        Whether it was lost, and restored by what protects it.
    number : int or None
        Of a block, counted from 0, where parity tells more of that than the block itself.
    """

    size: int
    payload: bytes
    samples: int | None = None
    restored: bool = False
    number: int | None = None


def pack_block(payload: bytes) -> bytes:
    """Return a block: length, `payload`, checksum over both."""
    return append_crc(varint.encode(len(payload)) + payload)


def pack_end(samples: int | None) -> bytes:
    """Return the end: an empty block. It tells the length, with a checksum, where the header couldn't (not None)."""
    return b"\0" if samples is None else append_crc(b"\0" + varint.encode(samples))


def block_size(payload: int) -> int:
    """Return the bytes of a block whose payload has `payload` bytes."""
    return len(varint.encode(payload)) + payload + CRC_BYTES


class Framing:
    """Where blocks begin and end.

    A length is believed only where a block of that size can stand, before anything is read for it.

    Parameters
    ----------
    sizes : iterable of int
        Bytes that a payload may have.
    full : int
        Those of a whole block. Smaller ones are doubted after damage where the length of the stream is unknown.
    known : bool
        Whether the length of the stream is known.
    telling : int
        Bytes of the payload of a packet that tells a voice; 0 where blocks aren't packets.
    protected : bool
        Whether records found after damage are doubted where that tells a checksum that is right by chance: it would
        cost other records than the damaged one.
    """

    def __init__(
        self, sizes: Iterable[int], full: int, known: bool, *, size_with_voice: int = 0, protected: bool = False
    ) -> None:
        self.full = full
        self.known = known
        self._telling = size_with_voice
        self._protected = protected
        self._barren = 0  # up to here in the stream no record begins that is followed by another
        self._sizes = frozenset(sizes)
        least = min(self._sizes)
        # What a record may begin with, and how far to look ahead for that: no record is shorter, so none has to wait.
        self._start = _beginning(self._sizes if known else self._sizes | {0})
        self._ahead = block_size(least) if known else len(pack_end(0))

    def find(self, source: Source, limit: int) -> tuple[int, Record | None]:
        """Take the next whole record from `source`, and whatever damaged bytes are before it.

        Where the header of another file stands, this one is over.

        Parameters
        ----------
        source : Source
            The stream, at the place where a record should begin.
        limit : int
            Give up after this many damaged bytes.

        Returns
        -------
        (int, Record or None)
            The number of damaged bytes, and the record after them, if any.
        """
        damaged = 0
        while damaged < limit:
            record = self._peek(source, 0)
            # A short block where none is due may be chance: a checksum of 16 bits among many places. Its end tells.
            if record and damaged and not self.known and 0 < len(record.payload) < self.full:
                end = self._peek(source, record.size)
                record = record if end and not end.payload else None
            if record and damaged and self._protected and self._doubtful(source, record):
                record = None
            if record:
                source.skip(record.size)
                return damaged, record
            if Header.is_next(source):
                break
            passed = source.upto(min(self._ahead, limit - damaged))
            if not passed:
                break
            start = self._start.search(passed, 1)
            count = start.start() if start else len(passed)
            source.skip(count)
            damaged += count
        return damaged, None

    def lost(self, damaged: int, record: Record | None) -> int:
        """Return how many blocks `damaged` bytes stand for, when `record` was found after them."""
        if not damaged:
            return 0
        size = block_size(self.full)
        if not record:
            return damaged // size  # cut off: what is left of a block isn't one
        if not record.payload:
            return -(-damaged // size)  # the last one may be short
        # nearest: assume as few bytes as possible lost or added
        plain, told = damaged, damaged - (self._telling - self.full if self._telling else 0)
        count = (2 * plain + size) // (2 * size)
        with_voice = (2 * told + size) // (2 * size)
        return with_voice if with_voice and abs(told - with_voice * size) < abs(plain - count * size) else count

    def _doubtful(self, source: Source, record: Record) -> bool:
        """Whether a record that comes next is more likely chance: none follows it, but one that begins within it."""
        if self._peek(source, record.size):
            return False
        if record.samples is not None:
            return source.peek(record.size, record.size + len(MAGIC)) not in (None, MAGIC)
        for at in range(max(1, self._barren - source.taken), record.size):
            other = self._peek(source, at)
            if other and self._peek(source, at + other.size):
                return True
            self._barren = source.taken + at + 1  # no place is looked at twice, however many records hold it
        return False

    def _peek(self, source: Source, start: int) -> Record | None:
        """Look at the record at `start`; None unless it is whole."""
        if (found := varint.peek(source, start)) is None:
            return None
        size, body = found
        samples = None
        stop = body + size
        if size == 0 and not self.known:
            if (found := varint.peek(source, body)) is None:
                return None
            samples, stop = found
        elif size not in self._sizes:
            return None
        record = source.peek(start, stop + CRC_BYTES)
        if record is None or not has_valid_crc(record):
            return None
        return Record(len(record), record[body - start : body - start + size], samples)


@lru_cache
def _beginning(sizes: frozenset[int]) -> re.Pattern[bytes]:
    """What finds the first byte of a record of one of these sizes, or of a header."""
    first = {varint.encode(size)[:1] for size in sizes} | {MAGIC[:1]}
    return re.compile(b"[%s]" % b"".join(map(re.escape, first)))
