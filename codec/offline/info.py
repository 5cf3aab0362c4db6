"""What a file says about itself."""

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO, NamedTuple

from sottovoce.codec.bits import FormatError, Reader
from sottovoce.codec.errors import SottoError, concerning
from sottovoce.codec.models import blocks_of, by_id, preset_by_index
from sottovoce.codec.offline.tags import unpack
from sottovoce.codec.voice.level import level_of_byte
from sottovoce.models.release import Preset, Release


class Row(NamedTuple):
    """What is told of a block or packet.

    Attributes
    ----------
    file : int
        In which of several files in one, counted from 1.
    number : int
        Counted from 0 in each file.
    start : float
        Seconds from the start of that file.
    steps : int
    bytes : int or None
        All that it takes there, or took before it was lost; None when it is damaged.
    restored : bool
        Whether it was lost, and restored by what protects it.
    """

    file: int
    number: int
    start: float
    steps: int
    bytes: int | None
    restored: bool


@dataclass(frozen=True)
class Info:
    """What a file holds. Where several follow each other in it, bytes, times and blocks are those of all together, and
    the rest is told of the first one.

    Parameters
    ----------
    files : int
        How many follow each other in it.
    bytes : int
        Size of the file.
    model_id : str
        First bytes of the SHA-256 of the model's weights, in hexadecimal.
    model, preset : str or None
        Their names; None when the model isn't in this version. Then the blocks can't be read, and what is told of
        them is None too.
    seconds : float or None
        Length of the speech; None when the file doesn't say and the model isn't here.
    bit_rate : float or None
        Bits of the file for each second, everything counted.
    source_rate, source_channels : int
        What the recording had, Hz and channels.
    level : float
        Active speech level of the recording, dBov.
    speaker : str
        The quantised speaker vector, in hexadecimal.
    blocks, damaged, restored : int or None
        Blocks, how many of these are damaged, and how many were lost and restored.
    missing : float or None
        Seconds that were promised but aren't there.
    complete : bool or None
        Whether the end is there.
    skipped : int
        Bytes that can't be read where headers should be, up to the next ones, which can.
    trailing : bool
        Whether it holds something else besides.
    protection : int
        Parity records after each group of 16 blocks: so many of these can be lost. 0 where it isn't protected.
    protecting : int or None
        Bytes that this takes, second headers and all.
    tags : dict of str to list of str
        What is said of the recording in words: the values of each key.
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
        if self.trailing:
            found.append("something that is no .sotto file follows")
        return found


def info(data: bytes) -> Info:
    """Tell what a file holds, without decoding it.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Info

    Raises
    ------
    SottoError
        When it isn't a file that this version can read.
    """
    with concerning(""):
        return info_stream(io.BytesIO(data))


def info_stream(source: BinaryIO, note: Callable[[Row], None] = lambda row: None) -> Info:
    """Tell what a file holds, reading it in constant memory: see `info`. Raises FormatError too.

    Parameters
    ----------
    source : file-like
        Anything with ``read``.
    note : callable
        Told each block.
    """
    counted = _Counted(source)
    reader = Reader(counted)  # type: ignore[arg-type]
    told = _one(reader, 1, note)
    while (following := reader.another()) is not None:
        told = replace(told, trailing=told.trailing or reader.trailing)
        reader = following
        told = _both(told, _one(reader, told.files + 1, note))
    while counted.read(1 << 16):
        pass
    rate = 8 * counted.count / told.seconds if told.seconds else None
    return replace(told, bytes=counted.count, bit_rate=rate, trailing=told.trailing or reader.trailing)


def _one(reader: Reader, number: int, note: Callable[[Row], None]) -> Info:
    """Tell what one of several files holds, but for its size."""
    header = reader.header
    model: Release | None = None
    preset: Preset | None = None
    seconds = blocks = damaged = restored = missing = protecting = complete = None
    try:
        model = by_id(header.model)
        preset = preset_by_index(model, header.preset)
        found = blocks_of(reader, model, preset)
    except (SottoError, FormatError):
        pass  # the header can still be told
    else:
        blocks = damaged = steps = 0
        for block in found:
            start = steps * model.step / model.sample_rate
            size = None if block.damaged else block.size
            note(Row(number, blocks, start, block.steps, size, block.restored))
            blocks += 1
            damaged += block.damaged
            steps += block.steps
        complete = reader.complete or reader.total_samples is None
        restored, protecting = reader.restored_blocks, reader.protecting_bytes
        missing = reader.missing_steps * model.step / model.sample_rate
        seconds = (reader.total_samples or 0) / model.sample_rate
    return Info(
        files=1,
        bytes=0,
        model_id=header.model.hex(),
        model=model.name if model else None,
        preset=preset.name if preset else None,
        seconds=seconds,
        bit_rate=None,
        source_rate=header.rate,
        source_channels=header.channels,
        level=level_of_byte(header.level),
        speaker=header.speaker.hex(),
        blocks=blocks,
        damaged=damaged,
        restored=restored,
        missing=missing,
        complete=complete,
        skipped=reader.skipped,
        trailing=False,
        protection=header.protection,
        protecting=protecting,
        tags=unpack(header.metadata),
    )


def _both(one: Info, other: Info) -> Info:
    """Add up what is told of files that follow each other; unknown where it is of one of them."""

    def total(name: str) -> Any:
        parts = getattr(one, name), getattr(other, name)
        return None if None in parts else sum(parts)

    names = "files", "seconds", "blocks", "damaged", "restored", "missing", "skipped", "protecting"
    complete = None if None in (one.complete, other.complete) else bool(one.complete and other.complete)
    return replace(one, **{name: total(name) for name in names}, complete=complete)


class _Counted:
    """Counts the bytes that are read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.count = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.count += len(data)
        return data
