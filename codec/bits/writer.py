"""Writing whole streams, a block or a packet at a time."""

from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.header import Header
from sottovoce.codec.bits.lengths import BLOCK_STEPS, positive, steps_of
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.bits.protection.numbered import NumberedBlock
from sottovoce.codec.bits.protection.reed_solomon import GROUP, protect
from sottovoce.codec.bits.records import pack_block, pack_end


class Writer:
    """Writes a stream of codes in constant memory; however they are cut into pieces, the bytes are the same.

    The header is written at once, and each block, with a flush, as soon as it is full. A protected file has
    parity after each group of blocks, its header twice and, where that doesn't tell the length, its end too.

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
    coder : ContextCoder, optional
        What codes the blocks of a header that says that they are entropy coded.
    """

    def __init__(
        self,
        stream: BinaryIO,
        header: Header,
        widths: Iterable[int],
        *,
        step: int,
        block_steps: int = BLOCK_STEPS,
        coder: ContextCoder | None = None,
    ) -> None:
        if header.coded != (coder is not None):
            raise ValueError("a coder belongs to a header that says so")
        self._stream = stream
        self._header = header
        self._packing = BitPacking(widths)
        self._step = positive(step)
        self._block_steps = positive(block_steps)
        self._pending = np.zeros((0, len(self._packing.widths)), np.int16)
        self._held = np.zeros(0, np.uint8)  # of the pending steps
        self._coder = coder
        self._steps = self._blocks = 0
        self._group: list[bytes] = []  # payloads that have no parity yet
        self._put(header.pack() * self._copies)

    def write(self, codes: npt.ArrayLike, held: npt.NDArray[np.uint8] | None = None) -> None:
        """Add steps.

        Parameters
        ----------
        codes : array_like of int [steps, books]
        held : ndarray of uint8 [steps], optional
            1 for steps that shall repeat the one before, whatever their codes are. A header that says that there may be
            such needs it, and no other. Those at a block's start have their codes all the same.

        Raises
        ------
        ValueError
            When codes don't fit the widths, or the flags the header.
        """
        if self._header.held != (held is not None):
            raise ValueError("flags belong to a header that says so")
        checked = self._packing.check(codes)
        if held is not None:
            self._held = np.concatenate((self._held, held))
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
        if known not in (None, samples) or steps_of(samples, self._step) != self._steps:
            raise ValueError(f"{self._steps} steps of {self._step} samples don't make a recording of {samples}")
        if len(self._pending):
            self._put_block(self._pending)
        self._protect()
        self._put(pack_end(None) if known is not None else pack_end(samples) * self._copies)

    def _put_block(self, codes: npt.NDArray[np.int16]) -> None:
        if self._coder:
            self._coder.reset()  # so that each block can be read alone
            short = self._header.samples is None and len(codes) < self._block_steps
            held = None
            if self._header.held:
                held, self._held = np.split(self._held, [len(codes)])
                held[:1] = 0  # each block can be read alone
            block = NumberedBlock(self._blocks, len(codes) if short else 0, self._coder.encode(codes, held))
            self._put(block.pack())
            if self._header.protection:
                self._group.append(block.payload)
        else:
            self._put(pack_block(self._packing.pack(codes)))
        self._blocks += 1
        if len(self._group) == GROUP:
            self._protect()

    @property
    def _copies(self) -> int:
        """How often there is what no parity protects."""
        return 2 if self._header.protection else 1

    def _protect(self) -> None:
        """Write the parity of the blocks that have none yet."""
        if self._group:
            self._put(protect(self._blocks - len(self._group), self._group, self._header.protection))
            self._group = []

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()


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
