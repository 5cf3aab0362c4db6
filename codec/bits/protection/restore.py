"""Reading protected blocks: nothing waits while nothing is lost, and then no more than a group."""

from collections import deque
from dataclasses import replace

from sottovoce.codec.bits.protection.numbered import MAX_AHEAD, NUMBERS, NumberedBlock
from sottovoce.codec.bits.protection.reed_solomon import GROUP, ParityRecord, restore
from sottovoce.codec.bits.records import Framing, Record, block_size
from sottovoce.codec.bits.source import Source

FoundRecord = tuple[int, Record | None]
"""Damaged bytes that were passed by, and the record after them."""


class BlockRestorer:
    """Finds blocks as `Framing` does, but for parity records, and with those that were lost and could be restored.

    Parameters
    ----------
    framing : Framing
        Finds records.
    parity : int
        Parity records of each group.
    blocks : int
        How many blocks there are; where that isn't known, more than any.

    Attributes
    ----------
    bytes : int
        Bytes of the parity records so far.
    """

    def __init__(self, framing: Framing, parity: int, blocks: int) -> None:
        self.bytes = 0
        self._framing = framing
        self._parity = parity
        self._blocks = blocks
        self._due = 0  # number of the next block
        self._passed = 0  # bytes of records that can't be
        self._group = _Group(0, parity)
        self._ready: deque[FoundRecord] = deque()

    def find(self, source: Source, limit: int) -> FoundRecord:
        """Take the next block or end from `source`: see `Framing.find`."""
        while not self._ready:
            self._sort(*self._framing.find(source, limit))
        return self._ready.popleft()

    def finish(self, source: Source, limit: int) -> int:
        """Take the parity after the last block; return the damaged bytes after that, if it doesn't come to its end."""
        passed = 0
        while self._ready or self._group.waits:
            if self._ready:
                passed, _ = self._ready.popleft()
            else:
                self._sort(*self._framing.find(source, limit))
        return passed

    def _sort(self, passed: int, record: Record | None) -> None:
        """Put a record to its group."""
        passed, self._passed = passed + self._passed, 0
        if record is None or record.samples is not None:
            self._close()
            self._ready.append((passed, record))
        elif parity := ParityRecord.parse(record.payload):
            first = self._group.first + (parity.first - self._group.first) % NUMBERS
            stop = first + parity.blocks
            if first > self._group.first + MAX_AHEAD or stop > self._blocks or parity.place >= self._parity:
                self._passed = passed + record.size
                return
            self._open(first)
            self._due = max(self._due, stop)
            self.bytes += record.size
            self._group.add_parity(parity)
        else:
            one = NumberedBlock.parse(record.payload)
            ahead = one.ahead_of(self._due) if one else None
            if ahead is None or self._due + ahead >= self._blocks:
                self._passed = passed + record.size
                return
            number = self._due + ahead
            self._open(number - number % GROUP)
            self._due = number + 1
            self._group.found[number % GROUP] = passed, replace(record, number=number)
        self._give()

    def _open(self, first: int) -> None:
        """Go on to the group that begins with the block `first`."""
        if first != self._group.first:
            self._close()
            self._group = _Group(first, self._parity)

    def _close(self) -> None:
        """Know that nothing of the group is to come."""
        self._group.parity_due = 0
        self._give()

    def _give(self) -> None:
        self._group.restore()
        self._ready.extend(self._group.given())


class _Group:
    """What was found of a group."""

    def __init__(self, first: int, parity: int) -> None:
        self.first = first
        self.found: dict[int, FoundRecord] = {}
        self.parity_due = parity  # records that may still come
        self._parity = parity
        self._bodies: dict[int, bytes] = {}
        self._blocks = 0  # once a parity record tells it
        self._given = 0
        self._tried = False

    @property
    def waits(self) -> bool:
        """Whether it was begun, and parity may still come."""
        return bool(self.found or self._bodies) and self.parity_due > 0

    def add_parity(self, parity: ParityRecord) -> None:
        self._blocks = parity.blocks
        self._bodies[parity.place] = parity.body
        self.parity_due = self._parity - 1 - parity.place

    def restore(self) -> None:
        """Restore what is missing, if that can be: once, as what contradicts itself still does when more has come."""
        missing = self._missing()
        if self._tried or not missing or len(missing) > len(self._bodies):
            return
        self._tried = True
        records = (self.found[i][1] if i in self.found else None for i in range(self._size))
        payloads = [one.payload if one else None for one in records]
        if restored := restore(self.first, payloads, self._bodies, self._parity):
            for i in missing:
                size = block_size(len(restored[i]))
                self.found[i] = 0, Record(size, restored[i], restored=True, number=self.first + i)

    def given(self) -> list[FoundRecord]:
        """Return the blocks that needn't wait: those before the first that is missing, or all if that is lost."""
        missing = self._missing()
        if missing and self.parity_due and len(missing) <= len(self._bodies) + self.parity_due:
            stop = missing[0]
        else:
            stop = self._size
        begin, self._given = self._given, max(self._given, stop)
        return [self.found[i] for i in range(begin, stop) if i in self.found]

    @property
    def _size(self) -> int:
        return max(self._blocks, max(self.found, default=-1) + 1)

    def _missing(self) -> list[int]:
        return [i for i in range(self._size) if i not in self.found]
