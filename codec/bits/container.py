"""Writing and reading whole streams, a block at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.blocks import Framing, block_size, pack_block, pack_end
from sottovoce.codec.bits.header import Header
from sottovoce.codec.bits.packets import Packets, Voice
from sottovoce.codec.bits.packing import Packing
from sottovoce.codec.bits.source import Source

BLOCK_STEPS = 50
"""Steps in every block but the last: two seconds at 25 steps a second."""

MOST_CONCEALED = 30
"""Blocks in a row that are made up for damage, a minute; more aren't speech any more and are missing.
Of packets, as many as make a minute."""

_ENDLESS = 1 << 80  # steps: more than any length that fits into a header


class Writer:
    """Writes a stream of codes in constant memory; however they are cut into pieces, the bytes are the same.

    The header is written at once, and each block, with a flush, as soon as it is full.

    Parameters
    ----------
    stream : file-like
        Anything with ``write`` and ``flush``; it stays open.
    header : Header
        With ``samples=None`` when the length isn't known yet.
    widths : iterable of int
        Bits of each book's codes.
    step : int
        Samples of a step.
    block_steps : int
        Steps of a block; format version 1 has 50.
    """

    def __init__(
        self,
        stream: BinaryIO,
        header: Header,
        widths: Iterable[int],
        *,
        step: int,
        block_steps: int = BLOCK_STEPS,
    ) -> None:
        self._stream = stream
        self._header = header
        self._packing = Packing(widths)
        self._step = _positive(step)
        self._block_steps = _positive(block_steps)
        self._pending = np.zeros((0, len(self._packing.widths)), np.int16)
        self._steps = 0
        self._put(header.pack())

    def write(self, codes: npt.ArrayLike) -> None:
        """Add `codes`, integers [steps, books]; raise ValueError when they don't fit the widths."""
        checked = self._packing.check(codes)
        self._steps += len(checked)
        waiting = np.concatenate((self._pending, checked))
        whole = len(waiting) - len(waiting) % self._block_steps
        for start in range(0, whole, self._block_steps):
            self._put_block(waiting[start : start + self._block_steps])
        self._pending = waiting[whole:].copy()  # a view would keep the whole array alive

    def close(self, samples: int | None = None) -> None:
        """Write what is left and the end.

        Parameters
        ----------
        samples : int, optional
            Length of the recording: the header's where it has one, else all samples of all steps.

        Raises
        ------
        ValueError
            When the steps written aren't those of that length.
        """
        known = self._header.samples
        if samples is None:
            samples = self._steps * self._step if known is None else known
        if known not in (None, samples) or _steps(samples, self._step) != self._steps:
            raise ValueError(f"{self._steps} steps of {self._step} samples don't make a recording of {samples}")
        if len(self._pending):
            self._put_block(self._pending)
        self._put(pack_end(samples if known is None else None))

    def _put_block(self, codes: npt.NDArray[np.int16]) -> None:
        self._put(pack_block(self._packing.pack(codes)))

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some steps in a row.

    Parameters
    ----------
    steps : int
        How many.
    codes : ndarray of int16 [steps, books], or None
        None when they are damaged: conceal them.
    voice : Voice or None
        The voice that the speech is in from here on, where a packet tells it.
    """

    steps: int
    codes: npt.NDArray[np.int16] | None
    voice: Voice | None = None


class Reader:
    """Reads a stream in constant memory and survives damage to it; seeks nowhere and never reads ahead of a block.

    Parameters
    ----------
    stream : file-like
        Anything with ``read``, at the start of a header; it stays open.

    Attributes
    ----------
    header : Header
        What the file says about itself.
    total_samples : int or None
        Length to cut the decoded blocks to; never more than these hold. None until the last block was read.
    damaged_steps : int
        Steps given without codes so far.
    missing_steps : int
        Steps that the file promised but doesn't hold, and damaged ones beyond what is concealed. Known after the last
        block.
    complete : bool
        Whether the end stood where it should be. Known after the last block.
    trailing : bool
        Whether something that doesn't belong to it follows the last block. Known after the last block.

    Raises
    ------
    FormatError
        When the stream doesn't begin with a header that this version can read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._source = Source(stream)
        self._begun = False
        self.header = Header.read(self._source)
        self.total_samples: int | None = None
        self.damaged_steps = 0
        self.missing_steps = 0
        self.complete = False
        self.trailing = False

    def blocks(self, widths: Iterable[int], *, step: int, block_steps: int = BLOCK_STEPS) -> Iterator[Block]:
        """Iterate over the blocks, once; bytes of any kind raise nothing.

        Damaged blocks come as often as there are bytes for them, whatever the header promises, but no more than
        `MOST_CONCEALED` in a row.

        Parameters
        ----------
        widths : iterable of int
            Bits of each book's codes, as the model and preset of the header have them.
        step : int
            Samples of a step.
        block_steps : int
            Steps of a block; format version 1 has 50. Packets have as many as the header says.

        Yields
        ------
        Block
        """
        if self._begun:
            raise RuntimeError("the blocks of a stream can be read only once")
        self._begun = True
        if self.header.packet_steps:
            packets = Packets(widths, self.header.packet_steps, len(self.header.speaker))
            return self._blocks(Packing(widths), _positive(step), packets.steps, packets)
        return self._blocks(Packing(widths), _positive(step), _positive(block_steps))

    def _blocks(self, packing: Packing, step: int, block_steps: int, packets: Packets | None = None) -> Iterator[Block]:
        samples = self.header.samples
        known = samples is not None
        promised = _steps(samples, step) if samples is not None else _ENDLESS
        tail = (promised - 1) % block_steps + 1
        if packets:
            framing = Framing(packets.plain, packets.plain, known, packets.telling)
        else:
            framing = Framing(packing.size(block_steps), packing.size(tail if known else 1), known)
        done = omitted = 0
        while done < promised:
            left = promised - done
            due = (left - 1) // block_steps * block_size(framing.full) + block_size(packing.size(tail))
            damaged, record = framing.find(self._source, due)
            held = min(block_steps, left, 8 * len(record.payload) // packing.bits) if record else 0
            if record and record.samples is not None:
                samples = record.samples
                left = max(0, _steps(samples, step) - done)
            lost = left if damaged == due else min(left - held, framing.lost(damaged, record) * block_steps)
            concealed = min(lost, MOST_CONCEALED * (BLOCK_STEPS if packets else block_steps))
            omitted += lost - concealed
            for start in range(0, concealed, block_steps):
                steps = min(block_steps, concealed - start)
                self.damaged_steps += steps
                yield Block(steps, None)
            done += lost + held
            if record and held:
                codes, voice = (
                    packets.unpack(record.payload) if packets else (packing.unpack(record.payload, held), None)
                )
                yield Block(held, codes, voice)
            if not record or not held or (known and len(record.payload) < framing.full):
                break
        self._finish(samples, done, omitted, step, known)

    def _finish(self, samples: int | None, done: int, omitted: int, step: int, known: bool) -> None:
        reached = done * step if samples is None else min(samples, done * step)
        self.total_samples = max(0, reached - omitted * step)
        self.missing_steps = omitted + (0 if samples is None else max(0, _steps(samples, step) - done))
        # Where the header had no length, the end was a record that told it.
        self.complete = self._source.peek(0, 1) == b"\0" and self._source.skip(1) if known else samples is not None
        self.trailing = self._source.peek(0, 1) is not None


class PacketWriter:
    """Writes a live stream: a header, and each packet with a flush when it comes.

    Parameters
    ----------
    stream : file-like
        Anything with ``write`` and ``flush``; it stays open.
    header : bytes
        Of a stream of packets, packed.
    """

    def __init__(self, stream: BinaryIO, header: bytes) -> None:
        self._stream = stream
        self._put(header)

    def write(self, packet: bytes) -> None:
        """Add a packet."""
        self._put(pack_block(packet))

    def close(self, samples: int) -> None:
        """Write the end, which tells the length of the recording."""
        self._put(pack_end(samples))

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()


def _steps(samples: int, step: int) -> int:
    return -(-samples // step)


def _positive(count: int) -> int:
    if count < 1:
        raise ValueError(f"{count} is not a positive count")
    return count
