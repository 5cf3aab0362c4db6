"""Cut and join files: codes are copied, and nothing is decoded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import CodeBlock, Header, Packets, PacketWriter, Voice, VoiceChange, Writer
from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.io.files import ByteCounter, reading, shown
from sottovoce.codec.models import blocks_of, by_id, context_coder, preset_by_index
from sottovoce.codec.offline.message_join import join_packets, read_packets
from sottovoce.codec.offline.message_reader import AnyReader, Unseal, open_reader
from sottovoce.codec.offline.options import ENDLESS, TimeSpan, too_early
from sottovoce.codec.offline.result import Encoded
from sottovoce.codec.offline.tags import lines, merged, pack, unpack
from sottovoce.models.release import Preset, Release

APART = "put them into one file with `cat`: decoding plays one after the other"

Codes: TypeAlias = npt.NDArray[np.int16]

Opened: TypeAlias = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens a file by its name."""


def cut(source: BinaryIO, sink: BinaryIO, span: TimeSpan, *, known: Release | None = None) -> Encoded:
    """Copy a part of a file, or of several that follow each other: whole steps, of a live stream whole packets.

    Parameters
    ----------
    source, sink : file-like
        The file, which needs only ``read``, and the output.
    span : TimeSpan
        The part, which is extended to whole steps.
    known : Release, optional
        A model that the file may be of, besides the bundled ones.

    Returns
    -------
    Encoded

    Raises
    ------
    FormatError
        When this version cannot read the file.
    SottoError
        When its model is not available, the part begins after its end, or a block in it is damaged.
    """
    counter = ByteCounter(sink)
    passed = copied = 0  # samples
    for part in _parts(source, known):
        rate = part.model.sample_rate
        start, stop = span.at(rate)
        copied += _cut(part, counter, max(0, start - passed), stop - passed)
        passed += part.samples
        if passed >= stop:
            break
    if not copied:
        raise too_early(passed / rate)
    return Encoded(copied / rate, counter.bytes)


def join(
    names: Sequence[str],
    sink: BinaryIO,
    *,
    known: Release | None = None,
    unseal: Unseal | None = None,
    opened: Opened = reading,
) -> Encoded:
    """Copy files one after the other into one; the last step of each is filled up. Packets become a file of packets.

    The tags are those of all files, each value once.

    Parameters
    ----------
    names : sequence of str
        Names of the files, which are read twice. All must have the same model and preset, and the same voice if they
        are not entropy coded.
    sink : file-like
        The output.
    known : Release, optional
        A model that the files may be of, besides the bundled ones.
    unseal : callable, optional
        Opens encrypted packets.
    opened : callable
        Returns the context manager of a file to read, by its name.

    Returns
    -------
    Encoded

    Raises
    ------
    SottoError
        When they do not fit together, or one is damaged or cannot be read.
    """
    packets = read_packets(names, opened)
    if packets is not None:
        return join_packets(packets, sink, known=known, unseal=unseal)
    first, samples, metadata = _checked(names, opened, known)
    live = first.reader.header.packet_steps
    counter = ByteCounter(sink)
    header = replace(first.reader.header, samples=None if live else samples, metadata=metadata)
    copier = _Copier(counter, header, first)
    for name in names:
        with error_context(shown(name)), opened(name) as source:
            for part in _parts(source, known):
                start = (VoiceChange(0, part.voice),) if copier.steps else ()  # that of the first file is in the header
                for block in part.blocks:
                    copier.copy(_codes(block, 0, part), block.changes if block.voice else (*start, *block.changes))
                    start = ()
    copier.close(samples)
    return Encoded(samples / first.model.sample_rate, counter.bytes)


class _SourceFile(NamedTuple):
    """One of the files in a stream, before its blocks are read."""

    reader: AnyReader
    model: Release
    preset: Preset
    blocks: Iterator[CodeBlock]

    @property
    def voice(self) -> Voice:
        """The voice at its start."""
        return Voice(self.reader.header.level, self.reader.header.speaker)

    @property
    def samples(self) -> int:
        """Its length once all blocks are read; before that a number larger than any length."""
        return ENDLESS if self.reader.total_samples is None else self.reader.total_samples


def _parts(source: BinaryIO, known: Release | None) -> Iterator[_SourceFile]:
    """Yield the files that follow each other in a stream."""
    reader: AnyReader | None = open_reader(source, known=known)
    while reader is not None:
        model = by_id(reader.header.model, known)
        preset = preset_by_index(model, reader.header.preset)
        yield _SourceFile(reader, model, preset, blocks_of(reader, model, preset))
        reader = reader.another()


def _checked(names: Sequence[str], opened: Opened, known: Release | None) -> tuple[_SourceFile, int, bytes | None]:
    """Read files that are to be joined; return the first one, and the number of samples and the tags of all of them."""
    first: _SourceFile | None = None
    steps = samples = 0
    tags = []
    for name in names:
        with error_context(shown(name)), opened(name) as source:
            for part in _parts(source, known):
                first = first or part
                tags.append(unpack(part.reader.header.metadata))
                _check(part, first, shown(names[0]))
                samples = steps * part.model.step
                steps += _whole(part)
                samples += part.samples
    if first is None:
        raise ValueError("there are no files to join")
    several = any(one != tags[0] for one in tags)  # if all are the same, even metadata of another kind is kept
    return first, samples, pack(lines(merged(tags))) if several else first.reader.header.metadata


class _Copier:
    """Writes a file of codes that come in blocks.

    Parameters
    ----------
    sink : ByteCounter
        Receives the bytes.
    header : Header
        The header of the new file.
    part : _SourceFile
        Has the model and preset of the codes.
    """

    def __init__(self, sink: ByteCounter, header: Header, part: _SourceFile) -> None:
        self.steps = 0
        self._coded, self._dtx = header.coded, header.dtx
        self._last = np.full((1, part.preset.books), -1, np.int16)
        self._writer: PacketWriter | Writer
        if header.packet_steps:
            self._packets = Packets(part.preset.bits, header.packet_steps, len(header.speaker))
            self._writer = PacketWriter(sink, header.pack())  # type: ignore[arg-type]
        else:
            coder = context_coder(part.model, part.preset) if header.coded else None
            self._writer = Writer(sink, header, part.preset.bits, step=part.model.step, coder=coder)  # type: ignore[arg-type]

    def copy(self, codes: Codes, changes: Sequence[VoiceChange]) -> None:
        """Add some steps of a recording, or a packet of a live stream."""
        begin = self.steps
        self.steps += len(codes)
        if isinstance(self._writer, PacketWriter):
            self._writer.write(self._packets.pack(codes, changes[0].voice if changes else None))
            return
        if self._coded:
            for step, voice in changes:
                self._writer.change_voice(begin + step, voice)
        rows = np.concatenate((self._last, codes))
        self._last = rows[-1:]
        self._writer.write(codes, (rows[1:] == rows[:-1]).all(1).astype(np.uint8) if self._dtx else None)

    def close(self, samples: int) -> None:
        """Write the end."""
        self._writer.close(samples)


def _cut(part: _SourceFile, sink: ByteCounter, start: int, stop: int) -> int:
    """Copy the samples from `start` to `stop` of one file, and read no further; return how many that became."""
    header, step = part.reader.header, part.model.step
    unit = header.packet_steps or 1
    first, last = start // (step * unit) * unit, -(-stop // step)
    end = -(-last // unit) * unit  # packets are copied whole
    copier: _Copier | None = None
    voice, at = part.voice, 0
    for block in part.blocks:
        begin, at = at, at + block.steps
        skipped = max(0, first - begin)
        for change in block.changes:
            voice = change.voice if change.step <= skipped or at <= first else voice
        if at <= first:
            continue
        if begin >= end:
            break
        if copier is None:
            samples = None if header.samples is None else min(header.samples, last * step) - first * step
            changed = replace(header, samples=samples, level=voice.level, speaker=voice.speaker)
            copier = _Copier(sink, changed, part)
        codes = _codes(block, begin, part)[skipped : end - begin]
        inside = [VoiceChange(max(0, step - skipped), voice) for step, voice in block.changes if step < end - begin]
        copier.copy(codes, inside)
    if copier is None:
        return 0
    if part.reader.missing_steps and part.samples < last * step:
        raise _cut_off(part.samples / part.model.sample_rate)
    samples = min(part.samples, last * step) - first * step
    _check_length(samples, copier.steps, part)
    copier.close(samples)
    return samples


def _codes(block: CodeBlock, begin: int, part: _SourceFile) -> Codes:
    """Return the codes of a block that begins at some step of its file; there must be some."""
    if block.codes is None:
        start, stop = (steps * part.model.step / part.model.sample_rate for steps in (begin, begin + block.steps))
        raise SottoError(f"damaged from {start:.2f} to {stop:.2f} s", "cut around that; decoding conceals it")
    return block.codes


def _whole(part: _SourceFile) -> int:
    """Return how many steps a file has; it must be whole."""
    steps = 0
    for block in part.blocks:
        _codes(block, steps, part)
        steps += block.steps
    if part.reader.missing_steps:
        raise _cut_off(part.samples / part.model.sample_rate)
    _check_length(part.samples, steps, part)
    return steps


def _check_length(samples: int, steps: int, part: _SourceFile) -> None:
    """Refuse a length that does not match the number of steps, or of their packets."""
    unit = part.reader.header.packet_steps or 1
    if -(-samples // (part.model.step * unit)) * unit != steps:
        raise SottoError("its end tells another length than it has", "leave out its end; decoding believes the end")


def _cut_off(seconds: float) -> SottoError:
    return SottoError(f"it is cut off at {seconds:.2f} s", "cut before that; decoding says what is missing")


def _check(part: _SourceFile, first: _SourceFile, name: str) -> None:
    """Refuse what can't be in one file with the first one."""
    one, other = part.reader.header, first.reader.header
    if part.model.id != first.model.id:
        raise SottoError(f"not of the same model as {name}", APART)
    if one.preset != other.preset:
        raise SottoError(f"of preset {part.preset.name!r}, {name} is of {first.preset.name!r}", APART)
    if one.packet_steps != other.packet_steps:
        raise SottoError(f"not in the same blocks or packets as {name}, one of them being live", APART)
    if not one.packet_steps and part.voice != first.voice and not other.coded:
        raise SottoError(f"not of the same voice and level as {name}", APART)
