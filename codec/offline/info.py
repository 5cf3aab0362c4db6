"""What a file contains: model, length, rate, tags, damage."""

import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

from sottovoce.codec.bits import CodeBlock, FormatError
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.io.files import CountingReader
from sottovoce.codec.models import blocks_of, by_id, preset_by_index
from sottovoce.codec.offline.info_row import Row, ignore
from sottovoce.codec.offline.message_reader import AnyReader, MessageReader, Unseal, open_reader
from sottovoce.codec.offline.tags import unpack
from sottovoce.codec.voice.level import byte_to_level
from sottovoce.models.release import Release


@dataclass(frozen=True)
class Info:
    """What a file contains.

    If several files follow each other in it, bytes, times and blocks are those of all of them together, and the rest is
    that of the first one.

    Parameters
    ----------
    files : int
        Number of files that follow each other in it.
    bytes : int
        Size of the file.
    model_id : str
        First bytes of the SHA-256 of the model's weights, in hexadecimal.
    model, preset : str or None
        Their names; None when the model is not available. Then the blocks cannot be read, and the facts about them are
        None too.
    seconds : float or None
        Length of the speech; None when it is not known.
    bit_rate : float or None
        Bits of the file per second, everything counted.
    source_rate, source_channels : int
        Sample rate (Hz) and channels of the recording.
    level : float
        Active speech level at the start of the recording, dBov.
    speaker : str
        The quantised speaker vector, in hexadecimal.
    blocks, damaged, restored : int or None
        Number of blocks, of damaged ones, and of lost ones that parity restored.
    missing : float or None
        Seconds of speech that the header states and the file does not contain.
    complete : bool or None
        Whether the file has its end.
    skipped : int
        Bytes between a damaged header and the next one that could be read.
    trailing : bool
        Whether something else than .sotto files follows.
    protection : int
        Parity records after each group of 16 blocks: as many lost blocks can be restored. 0 for a file without them.
    protecting : int or None
        Bytes of the protection, second headers included.
    tags : dict of str to list of str
        The values of each tag.
    concealed : list of (float, float)
        Parts that are damaged, which decoding conceals: start and stop in seconds.
    levels : list of (float, float)
        Where the level changes: seconds and dBov.
    extra : float
        Seconds of speech beyond the length that an end states: repeated, or of another file.
    foreign : int
        Bytes between blocks that are not part of the file.
    packets : int or None
        Number of packets of a split message that can be read; 0 for a whole message, None for a file. A message does
        not state sample rate and channels of the recording.
    encrypted : bool
        Whether the message is encrypted.
    """

    files: int
    bytes: int
    model_id: str
    model: str | None
    preset: str | None
    seconds: float | None
    bit_rate: float | None
    source_rate: int
    source_channels: int
    level: float
    speaker: str
    blocks: int | None
    damaged: int | None
    restored: int | None
    missing: float | None
    complete: bool | None
    skipped: int
    trailing: bool
    protection: int
    protecting: int | None
    tags: dict[str, list[str]]
    concealed: list[tuple[float, float]]
    levels: list[tuple[float, float]]
    extra: float = 0.0
    foreign: int = 0
    packets: int | None = None
    encrypted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it all as plain values."""
        return asdict(self)

    def problems(self) -> list[str]:
        """Return what is wrong with the file, in words; empty when it is whole."""
        found = []
        if self.seconds is None:
            found.append(f"made with the model {self.model_id}, which is not here")
        if self.skipped:
            found.append(f"a header is damaged, the next one was read, {self.skipped} bytes on")
        if self.restored:
            found.append(f"{self.restored} of {self.blocks} blocks restored")
        if self.damaged:
            found.append(f"{self.damaged} of {self.blocks} blocks damaged")
        if self.missing:
            found.append(f"{self.missing:.2f} s missing")
        elif self.complete is False:
            found.append("the end is damaged or missing")
        if self.extra:
            found.append(f"{self.extra:.2f} s more than its end states")
        if self.foreign:
            found.append(f"{self.foreign} bytes between its blocks are not part of it")
        if self.trailing:
            found.append("something that is no .sotto file follows")
        return found


def info(data: bytes, *, known: Release | None = None, key: bytes | None = None) -> Info:
    """Return what a file contains, without decoding it.

    Parameters
    ----------
    data : bytes
        The whole file.
    known : Release, optional
        A model that the file may be of, besides the bundled ones: `Codec.model`.
    key : bytes, optional
        Key of an encrypted message.

    Returns
    -------
    Info

    Raises
    ------
    SottoError
        When this version cannot read the file.
    """
    with error_context(""):
        return info_stream(io.BytesIO(data), known=known, unseal=unsealer(key))


def info_stream(
    source: BinaryIO,
    note: Callable[[Row], None] = ignore,
    *,
    known: Release | None = None,
    unseal: Unseal | None = None,
) -> Info:
    """Return what a file contains, reading it in constant memory: see `info`. Raises FormatError too.

    Parameters
    ----------
    source : file-like
        Anything with ``read``.
    note : callable
        Called with the facts about each block.
    known : Release, optional
        A model that the file may be of, besides the bundled ones.
    unseal : callable, optional
        Opens encrypted messages.
    """
    counted = CountingReader(source)
    reader = open_reader(counted, known=known, unseal=unseal)  # type: ignore[arg-type]
    found = _info_of_one(reader, 1, note, known)
    while (following := reader.another()) is not None:
        found = replace(found, trailing=found.trailing or reader.trailing)
        reader = following
        found = _sum(found, _info_of_one(reader, found.files + 1, note, known))
    while counted.read(1 << 16):
        pass
    rate = 8 * counted.count / found.seconds if found.seconds else None
    read = found.seconds is not None  # else the blocks of an unknown model are what follows the header
    return replace(found, bytes=counted.count, bit_rate=rate, trailing=read and (found.trailing or reader.trailing))


def _info_of_one(reader: AnyReader, number: int, note: Callable[[Row], None], known: Release | None) -> Info:
    """Return what one of several files contains; its size is not known yet."""
    header = reader.header
    found = Info(
        files=1,
        bytes=0,
        model_id=header.model.hex(),
        model=None,
        preset=None,
        seconds=None,
        bit_rate=None,
        source_rate=header.rate,
        source_channels=header.channels,
        level=byte_to_level(header.level),
        speaker=header.speaker.hex(),
        blocks=None,
        damaged=None,
        restored=None,
        missing=None,
        complete=None,
        skipped=reader.skipped,
        trailing=False,
        protection=header.protection,
        protecting=None,
        tags=unpack(header.metadata),
        concealed=[],
        levels=[],
        packets=reader.packets if isinstance(reader, MessageReader) else None,
        encrypted=isinstance(reader, MessageReader) and reader.encrypted,
    )
    try:
        model = by_id(header.model, known)
    except SottoError:
        return found  # the header is known all the same
    found = replace(found, model=model.name)
    try:
        preset = preset_by_index(model, header.preset)
        found = replace(found, preset=preset.name)
        blocks = blocks_of(reader, model, preset)
    except (SottoError, FormatError):
        return found
    return replace(found, **_facts_of_blocks(reader, model, blocks, number, note))


def _facts_of_blocks(
    reader: AnyReader, model: Release, blocks: Iterator[CodeBlock], number: int, note: Callable[[Row], None]
) -> dict[str, Any]:
    """Read all blocks of a file and return what is known after that."""
    count = damaged = steps = 0
    concealed: list[tuple[float, float]] = []
    levels = [(0.0, byte_to_level(reader.header.level))]
    for block in blocks:
        start, stop = (n * model.step / model.sample_rate for n in (steps, steps + block.steps))
        note(Row(number, count, start, block.steps, None if block.damaged else block.size, block.restored))
        for step, voice in block.changes:
            if (level := byte_to_level(voice.level)) != levels[-1][1]:
                levels.append(((steps + step) * model.step / model.sample_rate, level))
        if block.damaged:
            concealed = _extended(concealed, start, stop)
        count += 1
        damaged += block.damaged
        steps += block.steps
    seconds = (reader.total_samples or 0) / model.sample_rate
    return {
        "seconds": seconds,
        "blocks": count,
        "damaged": damaged,
        "restored": reader.restored_blocks,
        "missing": reader.missing_steps * model.step / model.sample_rate,
        "complete": reader.complete or reader.total_samples is None,
        "protecting": reader.protecting_bytes,
        "extra": reader.extra_steps * model.step / model.sample_rate,
        "foreign": reader.foreign_bytes,
        "concealed": [(start, min(stop, seconds)) for start, stop in concealed if start < seconds],
        "levels": levels[1:],
    }


def _extended(spans: list[tuple[float, float]], start: float, stop: float) -> list[tuple[float, float]]:
    """Return spans with another one after them, joined to the last one where they touch."""
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], stop)
    else:
        spans.append((start, stop))
    return spans


def _sum(one: Info, other: Info) -> Info:
    """Add up the facts about files that follow each other; unknown where one of them is unknown."""

    def total(name: str) -> Any:
        parts = getattr(one, name), getattr(other, name)
        return None if None in parts else sum(parts)

    names = "files", "seconds", "blocks", "damaged", "restored", "missing", "skipped", "protecting", "extra", "foreign"
    complete = None if None in (one.complete, other.complete) else bool(one.complete and other.complete)
    before = one.seconds or 0.0
    concealed = one.concealed + [(before + start, before + stop) for start, stop in other.concealed]
    levels = one.levels + [(before + start, level) for start, level in other.levels]
    return replace(one, complete=complete, concealed=concealed, levels=levels, **{name: total(name) for name in names})
