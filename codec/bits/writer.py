"""Writing whole streams, a block or a packet at a time."""

from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.header import Header
from sottovoce.codec.bits.lengths import BLOCK_STEPS, positive, steps_of
from sottovoce.codec.bits.packets import Voice
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.bits.protection.numbered import NumberedBlock
from sottovoce.codec.bits.protection.reed_solomon import GROUP, protect
from sottovoce.codec.bits.records import pack_block, pack_end
from sottovoce.codec.bits.voices import VoiceChange, pack_changes

REPEATED_BLOCKS = 16
"""Interval in blocks at which a voice other than the header's is stored again, for readers that lost blocks."""


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
        self._repeated = np.zeros(0, np.uint8)  # of the pending steps
        self._coder = coder
        self._steps = self._blocks = 0
        self._voice = Voice(header.level, header.speaker)
        self._changes: list[VoiceChange] = []  # of steps to come
        self._group: list[bytes] = []  # payloads that have no parity yet
        self._put(header.pack() * self._copies)

    def write(self, codes: npt.ArrayLike, repeated: npt.NDArray[np.uint8] | None = None) -> None:
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
        if self._header.dtx != (repeated is not None):
            raise ValueError("flags belong to a header that says so")
        checked = self._packing.check(codes)
        if repeated is not None:
            self._repeated = np.concatenate((self._repeated, repeated))
        self._steps += len(checked)
        waiting = np.concatenate((self._pending, checked))
        whole = len(waiting) - len(waiting) % self._block_steps
        for start in range(0, whole, self._block_steps):
            self._put_block(waiting[start : start + self._block_steps])
        self._pending = waiting[whole:].copy()  # a view would keep the whole array alive

    def change_voice(self, step: int, voice: Voice) -> None:
        """Have another voice from a step on, which counts from the start and is not written yet.

        Raises
        ------
        ValueError
            When blocks are not entropy coded, or the speaker vector has another size than the header's.
        """
        if self._coder is None or len(voice.speaker) != len(self._header.speaker):
            raise ValueError("the voice changes only in entropy coded blocks, to one of the same size")
        self._changes = [change for change in self._changes if change.step < step] + [VoiceChange(step, voice)]

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
            repeated = None
            if self._header.dtx:
                repeated, self._repeated = np.split(self._repeated, [len(codes)])
                repeated[:1] = 0  # each block can be read alone
            changes = self._packed_changes(len(codes))
            body = changes + self._coder.encode(codes, repeated)
            block = NumberedBlock(self._blocks, len(codes) if short else 0, body, bool(changes))
            self._put(block.pack())
            if self._header.protection:
                self._group.append(block.payload)
        else:
            self._put(pack_block(self._packing.pack(codes)))
        self._blocks += 1
        if len(self._group) == GROUP:
            self._protect()

    def _packed_changes(self, steps: int) -> bytes:
        """Return what the next block says of its voices: nothing, as long as they stay the same."""
        begin = self._blocks * self._block_steps
        here = [(step - begin, voice) for step, voice in self._changes if step < begin + steps]
        self._changes = self._changes[len(here) :]
        said = Voice(self._header.level, self._header.speaker)
        again = self._blocks % REPEATED_BLOCKS == 0 and self._voice != said
        if again and not (here and here[0][0] == 0):
            here.insert(0, (0, self._voice))
        known, again_speaker = self._voice.speaker, again and self._voice.speaker != said.speaker
        kept: list[VoiceChange] = []
        for step, voice in here:
            if voice != self._voice or (again and step == 0):
                kept.append(VoiceChange(step, voice))
            self._voice = voice
        return pack_changes(kept, known, again=again_speaker) if kept else b""

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
