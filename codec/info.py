"""What a file says about itself."""

import io
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from sottovoce.codec.bits import Reader
from sottovoce.codec.contexts import blocks_of
from sottovoce.codec.errors import SottoError, concerning
from sottovoce.codec.level import level_of_byte
from sottovoce.codec.releases import by_id, preset_by_index
from sottovoce.models.release import Preset, Release


@dataclass(frozen=True)
class Info:
    """What a file holds.

    Parameters
    ----------
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
    blocks, damaged : int or None
        Blocks, and how many of these are damaged.
    missing : float or None
        Seconds that were promised but aren't there.
    """

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
    missing: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it all as plain values."""
        return asdict(self)


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


def info_stream(source: BinaryIO) -> Info:
    """Tell what a file holds, reading it in constant memory: see `info`. Raises FormatError too."""
    counted = _Counted(source)
    reader = Reader(counted)  # type: ignore[arg-type]
    header = reader.header
    model: Release | None = None
    preset: Preset | None = None
    seconds = blocks = damaged = missing = None
    try:
        model = by_id(header.model)
        preset = preset_by_index(model, header.preset)
    except SottoError:
        pass  # the header can still be told
    else:
        blocks = damaged = 0
        for block in blocks_of(reader, model, preset):
            blocks += 1
            damaged += block.codes is None
        missing = reader.missing_steps * model.step / model.sample_rate
        seconds = (reader.total_samples or 0) / model.sample_rate
    while counted.read(1 << 16):
        pass
    return Info(
        bytes=counted.count,
        model_id=header.model.hex(),
        model=model.name if model else None,
        preset=preset.name if preset else None,
        seconds=seconds,
        bit_rate=8 * counted.count / seconds if seconds else None,
        source_rate=header.rate,
        source_channels=header.channels,
        level=level_of_byte(header.level),
        speaker=header.speaker.hex(),
        blocks=blocks,
        damaged=damaged,
        missing=missing,
    )


class _Counted:
    """Counts the bytes that are read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.count = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.count += len(data)
        return data
