"""Reading whole streams, a block or a packet at a time."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO

from sottovoce.codec.bits.block import CodeBlock, Codes
from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.framing import make_framing
from sottovoce.codec.bits.header_search import MAX_GAP_BYTES, begin, seek
from sottovoce.codec.bits.lengths import BLOCK_STEPS, positive, steps_of
from sottovoce.codec.bits.packets import Packets
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.bits.protection.numbered import NumberedBlock
from sottovoce.codec.bits.protection.restore import BlockRestorer
from sottovoce.codec.bits.records import Framing, Record, block_size, pack_end
from sottovoce.codec.bits.source import Source
from sottovoce.codec.bits.voices import VoiceChange, unpack_changes

MAX_CONCEALED_BLOCKS = 30
"""Blocks in a row that are made up for damage, a minute; more aren't speech any more and are missing.
Of packets, as many as make a minute."""

_ENDLESS = 1 << 80  # steps: more than any length that fits into a header


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
    skipped : int
        Bytes passed by before that, as no header could be read there: most likely this is the second one of two.
    body : int
        Where in the stream what follows the header begins, in bytes.
    total_samples : int or None
        Length to cut the decoded blocks to; never more than these hold. None until the last block was read.
    damaged_steps : int
        Steps given without codes so far.
    restored_blocks : int
        Blocks given so far that were lost, and restored by what protects them.
    missing_steps : int
        Steps that the file promised but doesn't hold, and damaged ones beyond what is concealed. Known after the last
        block.
    extra_steps : int
        Steps beyond the length that the end states: blocks or packets that were repeated, or are of another file.
        Known after the last block.
    foreign_bytes : int
        Bytes between blocks, so far, that stand for no block which is lost.
    complete : bool
        Whether the end stood where it should be. Known after the last block.
    trailing : bool
        Whether something that doesn't belong to it follows the last block. Known after the last block; once
        `another` was called, whether that is anything but a file.

    Raises
    ------
    FormatError
        When the stream doesn't begin with a header that this version can read.
    """

    def __init__(self, stream: BinaryIO | Source) -> None:
        self._source = stream if isinstance(stream, Source) else Source(stream)
        self._begun = False
        start = self.taken
        self.header, self.skipped = begin(self._source)
        self.body = start + self.skipped + len(self.header.pack())
        self._copied = self.taken - self.body  # bytes of the second header, and later of the second end
        self._restoring: BlockRestorer | None = None
        self.total_samples: int | None = None
        self.damaged_steps = 0
        self.restored_blocks = 0
        self.missing_steps = self.extra_steps = self.foreign_bytes = 0
        self.complete = False
        self.trailing = False

    def blocks(
        self,
        widths: Iterable[int],
        *,
        step: int,
        block_steps: int = BLOCK_STEPS,
        coder: ContextCoder | None = None,
    ) -> Iterator[CodeBlock]:
        """Iterate over the blocks, once; bytes of any kind raise nothing.

        Damaged blocks come as often as there are bytes for them, whatever the header promises, but no more than
        `MAX_CONCEALED_BLOCKS` in a row.

        Parameters
        ----------
        widths : iterable of int
            Bits of each book's codes, as the model and preset of the header have them.
        step : int
            Samples of a step.
        block_steps : int
            Steps of a block; format version 1 has 50. Packets have as many as the header says.
        coder : ContextCoder, optional
            What reads blocks that are entropy coded; these need one.

        Yields
        ------
        CodeBlock
        """
        if self._begun:
            raise RuntimeError("the blocks of a stream can be read only once")
        self._begun = True
        packing, block_steps = BitPacking(widths), self.header.packet_steps or positive(block_steps)
        framing = make_framing(self.header, packing, positive(step), block_steps)
        if not self.header.coded:
            return self._blocks(packing, step, block_steps, framing)
        if coder is None:
            raise FormatError("entropy coded, without a context model to read it", "name the model that made it")
        return self._numbered(coder, step, block_steps, framing)

    def spans(self, widths: Iterable[int], *, step: int, block_steps: int = BLOCK_STEPS) -> Iterator[tuple[int, int]]:
        """Iterate, in the place of `blocks`, over where in the stream each record begins and ends, in bytes.

        These are blocks or packets, and of protected files the second header and the parity records too.
        """
        self._begun = True
        if self._copied:
            yield self.body, self.taken
        block_steps = self.header.packet_steps or positive(block_steps)
        framing = make_framing(self.header, BitPacking(widths), positive(step), block_steps)
        while record := framing.find(self._source, _ENDLESS)[1]:
            if record.payload:
                yield self.taken - record.size, self.taken

    @property
    def taken(self) -> int:
        """Bytes of the stream that were taken so far."""
        return self._source.taken

    @property
    def pending(self) -> bytes:
        """Bytes that were read from the stream, to look ahead, but not taken yet."""
        return self._source.pending

    @property
    def protecting_bytes(self) -> int:
        """Bytes so far that an unprotected file doesn't have."""
        return self._copied + bool(self.header.protection) + (self._restoring.bytes if self._restoring else 0)

    def another(self) -> "Reader | None":
        """Return a reader of the file that comes next in the stream, when the blocks of this one are over.

        Other bytes between them are skipped, up to `MAX_GAP_BYTES`, and reported by `trailing`. A damaged header whose
        copy follows is reported by `skipped` of the other reader.
        """
        passed, is_next = seek(self._source, MAX_GAP_BYTES)
        self.trailing = passed > 0
        if not is_next:
            return None
        following = Reader(self._source)
        if following.header.protection and passed == len(following.header.pack()):
            following.skipped, self.trailing = passed, False
        return following

    def _blocks(self, packing: BitPacking, step: int, block_steps: int, framing: Framing) -> Iterator[CodeBlock]:
        samples = self.header.samples
        known = samples is not None
        packets = None
        if self.header.packet_steps:
            packets = Packets(packing.widths, block_steps, len(self.header.speaker))
        promised = steps_of(samples, step) if samples is not None else _ENDLESS
        tail = (promised - 1) % block_steps + 1
        full, last = block_size(packing.size(block_steps)), block_size(packing.size(tail))
        done = omitted = 0
        while done < promised:
            left = promised - done
            due = (left - 1) // block_steps * full + last
            damaged, record = framing.find(self._source, due)
            present = min(block_steps, left, 8 * len(record.payload) // packing.bits) if record else 0
            if record and record.samples is not None:
                samples = record.samples
                left = max(0, steps_of(samples, step) - done)
            lost = left if damaged == due else min(left - present, framing.lost(damaged, record) * block_steps)
            concealed = min(lost, MAX_CONCEALED_BLOCKS * (BLOCK_STEPS if packets else block_steps))
            omitted += lost - concealed
            yield from self._damaged(concealed, block_steps)
            done += lost + present
            if record and present:
                if packets:
                    codes, voice = partial(packets.codes, record.payload), packets.voice(record.payload)
                else:
                    codes, voice = partial(packing.unpack, record.payload, present), None
                yield CodeBlock(present, codes, voice, record.size)
            if not record or not present or (known and len(record.payload) < framing.full):
                break
        self._finish(samples, done, omitted, step, known, block_steps - 1 if packets else 7 // packing.bits)

    def _numbered(self, coder: ContextCoder, step: int, block_steps: int, framing: Framing) -> Iterator[CodeBlock]:
        samples = self.header.samples
        known = samples is not None
        promised = steps_of(samples, step) if samples is not None else _ENDLESS
        record: Record | None = None
        finder: Framing | BlockRestorer = framing
        if self.header.protection:
            finder = self._restoring = BlockRestorer(framing, self.header.protection, steps_of(promised, block_steps))
        another = False  # whether another file began without a header that could be read
        speaker = self.header.speaker
        due = done = omitted = damaged = 0  # blocks, steps, steps, and bytes since the last block
        while done < promised:
            passed, record = finder.find(self._source, _ENDLESS)
            damaged += passed
            if not record or record.samples is not None:
                break
            one = NumberedBlock.parse(record.payload)
            if record.number is not None:
                ahead: int | None = record.number - due
            else:
                ahead = one.ahead_of(due) if one else None
            steps = min(one.steps or block_steps, promised - done - (ahead or 0) * block_steps) if one else 0
            found = _changes(one, steps, speaker) if one else None
            if one is None or found is None or ahead is None or not 0 < steps <= block_steps:
                if passed and record.number is None and one and not one.ahead_of(0) and done:
                    self.foreign_bytes += damaged + record.size
                    another = True  # the header before its first block cannot be read
                    break
                damaged += record.size
                continue
            if not ahead and not self.header.protection:
                self.foreign_bytes += damaged
            changes, body = found
            speaker = changes[-1].voice.speaker if changes else speaker
            concealed = min(ahead, MAX_CONCEALED_BLOCKS)
            omitted += (ahead - concealed) * block_steps
            yield from self._damaged(concealed * block_steps, block_steps)
            self.restored_blocks += record.restored
            codes = partial(_decoded, coder, body, steps, self.header.dtx)
            yield CodeBlock(steps, codes, None, record.size, record.restored, changes)
            due, done, damaged = due + ahead + 1, done + ahead * block_steps + steps, 0
        if self._restoring:
            damaged += self._restoring.finish(self._source, _ENDLESS)
        ended = another
        if known and damaged and not another:
            ended = self._source.last == 0  # the end is among what is damaged
        elif not known and record and record.samples is not None:
            samples, promised, ended = record.samples, steps_of(record.samples, step), True
            self._pass_copy(record.samples)
        if ended and promised > done:
            lost = promised - done
            concealed = min(lost, MAX_CONCEALED_BLOCKS * block_steps)
            omitted += lost - concealed
            yield from self._damaged(concealed, block_steps)
            done = promised
        self._finish(samples, done, omitted, step, known)
        self.complete = self.complete or ended
        self.trailing = self.trailing or another

    def _pass_copy(self, samples: int) -> None:
        """Take the second end of a protected file, where it follows the first."""
        end = pack_end(samples)
        if self.header.protection and self._source.peek(0, len(end)) == end:
            self._source.skip(len(end))
            self._copied += len(end)

    def _damaged(self, count: int, block_steps: int) -> Iterator[CodeBlock]:
        """Blocks to conceal `count` steps by."""
        for start in range(0, count, block_steps):
            steps = min(block_steps, count - start)
            self.damaged_steps += steps
            yield CodeBlock(steps, None)

    def _finish(self, samples: int | None, done: int, omitted: int, step: int, known: bool, filling: int = 0) -> None:
        """Find out the length; the last `filling` steps may be there only to fill a packet or a byte."""
        reached = done * step if samples is None else min(samples, done * step)
        self.total_samples = max(0, reached - omitted * step)
        self.missing_steps = omitted + (0 if samples is None else max(0, steps_of(samples, step) - done))
        self.extra_steps = 0 if samples is None else max(0, done - steps_of(samples, step) - filling)
        # Where the header had no length, the end was a record that told it.
        self.complete = self._source.peek(0, 1) == b"\0" and self._source.skip(1) if known else samples is not None
        self.trailing = self._source.peek(0, 1) is not None


def _changes(block: NumberedBlock, steps: int, speaker: bytes) -> tuple[tuple[VoiceChange, ...], bytes] | None:
    """Return where the voice changes in a block, and its codes; None where that is not valid."""
    return unpack_changes(block.body, steps, speaker) if block.changes else ((), block.body)


def _decoded(coder: ContextCoder, body: bytes, steps: int, dtx: bool) -> Codes:
    coder.reset()
    return coder.decode_dtx(body, steps)[0] if dtx else coder.decode(body, steps)
