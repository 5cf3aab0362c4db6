"""WAV, RF64, BW64 and RIFX: chunks are walked once, wrong and unknown sizes are repaired.

A writer that cannot seek, or that died, leaves a size of 0 or the largest possible; a size above 4 GB wraps. Sizes of
RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088) are 64 bits wide, in the chunk ``ds64``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import read_at

MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
MAGIC_BYTES = 12
LONGEST_HEADER = 1 << 26
"""Bytes before the samples that are read at most: recorders put pictures and descriptions there."""

UNKNOWN = -1
_ID = re.compile(rb"[A-Za-z0-9_\- ]{4}")
_TAGS = (b"TAG", b"ID3", b"APETAG", b"LYRICS")
_PADDING = 1 << 16

ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True)
class WavHeader:
    """What stands before the samples.

    Parameters
    ----------
    order : str
        Byte order as in `struct`: "<", or ">" for RIFX.
    form : bytes
        Contents of the chunk ``fmt``.
    begin : int
        Offset of the samples.
    size : int
        Bytes of samples according to the header, or UNKNOWN.
    """

    order: str
    form: bytes
    begin: int
    size: int

    @property
    def byte_rate(self) -> int:
        """Bytes of samples per second."""
        return max(1, struct.unpack_from(self.order + "I", self.form, 8)[0])

    @property
    def block(self) -> int:
        """Bytes of a sample of all channels."""
        return max(1, struct.unpack_from(self.order + "H", self.form, 12)[0])

    def rebuilt(self, size: int) -> bytes:
        """Return a header for that number of bytes of samples."""
        form = self.form + bytes(len(self.form) % 2)
        format_chunk = b"fmt " + struct.pack(self.order + "I", len(self.form)) + form
        inside = 4 + len(format_chunk) + 8 + size
        if inside < 0xFFFF_FFFF or self.order == ">":
            magic = b"RIFX" if self.order == ">" else b"RIFF"
            start = magic + struct.pack(self.order + "I", min(inside, 0xFFFF_FFFF)) + b"WAVE"
            return start + format_chunk + b"data" + struct.pack(self.order + "I", min(size, 0xFFFF_FFFF))
        sizes = b"ds64" + struct.pack("<IQQQI", 28, inside + 36, size, size // self.block, 0)
        return b"RF64\xff\xff\xff\xffWAVE" + sizes + format_chunk + b"data\xff\xff\xff\xff"


def is_wav(start: bytes) -> bool:
    """Return whether bytes are the start of a WAV of any kind."""
    return start[:4] in MAGICS and start[8:MAGIC_BYTES] == b"WAVE"


def read_header(read: ReadAt, begin: int, end: int) -> WavHeader | None:
    """Walk the chunks up to the samples.

    Parameters
    ----------
    read : callable
        Returns at most the given number of bytes at an offset.
    begin, end : int
        Where the WAV begins, and where what is there of it ends.

    Returns
    -------
    WavHeader or None
        None where there are no samples, or no format before them.
    """
    order = ">" if read(begin, 4) == b"RIFX" else "<"
    at, form, long_size = begin + MAGIC_BYTES, b"", UNKNOWN
    while at + 8 <= end and at < begin + LONGEST_HEADER and len(head := read(at, 8)) == 8:
        name, size = head[:4], struct.unpack(order + "I", head[4:])[0]
        if name == b"ds64" and len(sizes := read(at + 8, 24)) == 24:
            long_size = struct.unpack("<QQQ", sizes)[1] or UNKNOWN
        elif name == b"fmt ":
            form = read(at + 8, min(size, 4096))
        elif name == b"data":
            size = long_size if size == 0xFFFF_FFFF and long_size != UNKNOWN else size
            return WavHeader(order, form, at + 8, UNKNOWN if _is_unknown(size) else size) if len(form) >= 14 else None
        at = _after(read, at + 8, size)
    return None


def find_links(file: BinaryIO, end: int) -> FoundLinks:
    """Find the recordings of a WAV file, and what is wrong with it."""
    found = FoundLinks()

    def read(offset: int, count: int) -> bytes:
        return read_at(file, offset, count)

    begin = 0
    while begin < end and is_wav(read(begin, MAGIC_BYTES)):
        header = read_header(read, begin, end)
        if header is None:
            break
        size, after = _true_size(read, header, end, found.warnings)
        size -= size % header.block
        intact = size == header.size and not begin and after >= end and read(0, 4) in (b"RIFF", b"RIFX", b"RF64")
        pieces = () if intact and _padded(read) else (header.rebuilt(size), (header.begin, header.begin + size))
        found.links.append(ChainLink(pieces, "WAV"))
        begin = after
    return found


def _true_size(read: ReadAt, header: WavHeader, end: int, warnings: list[str]) -> tuple[int, int]:
    """Return the bytes of samples that are there, and the offset after all that belongs to this WAV."""
    there = end - header.begin
    if header.size == UNKNOWN:
        return (0, end) if there and _chunks_end(read, header.begin, end) == end else (there, end)
    if header.size > there:
        total, missing = header.size / header.byte_rate, (header.size - there) / header.byte_rate
        warnings.append(f"it was cut off: {missing:.2f} of {total:.2f} s are missing")
        return there, end
    after = _chunks_end(read, _after(read, header.begin, header.size), end)
    rest = read(after, _PADDING + 1)
    if is_wav(rest) or (not rest.strip(b"\0") and len(rest) <= _PADDING) or rest.startswith(_TAGS):
        return header.size, after if is_wav(rest) else end
    if len(rest) < header.block:
        return header.size, end
    known, whole = header.size / header.byte_rate, there / header.byte_rate
    warnings.append(f"its header gives {known:.2f} s, but there are {whole:.2f} s; all of it was read")
    return there, end


def _chunks_end(read: ReadAt, at: int, end: int) -> int:
    """Return the offset after the chunks that begin at an offset: where no chunk begins, or one is longer than all."""
    while at + 8 <= end:
        head = read(at, 8)
        after = at + 8 + struct.unpack("<I", head[4:])[0]
        if not _ID.fullmatch(head[:4]) or is_wav(read(at, MAGIC_BYTES)) or after > end:
            break
        at = min(end, _after(read, at + 8, after - at - 8))
    return at


def _after(read: ReadAt, at: int, size: int) -> int:
    """Return the offset of the next chunk: chunks of odd length are padded, but some writers forget it."""
    after = at + size
    if size % 2 and (_ID.fullmatch(read(after + 1, 4)) or not _ID.fullmatch(read(after, 4))):
        after += 1
    return after


def _padded(read: ReadAt) -> bool:
    """Return whether the chunks before the samples are padded as libsndfile expects them."""
    order, at = ">" if read(0, 4) == b"RIFX" else "<", MAGIC_BYTES
    while len(head := read(at, 8)) == 8 and head[:4] != b"data":
        size = struct.unpack(order + "I", head[4:])[0]
        at += 8 + size + size % 2
    return len(head) == 8


def _is_unknown(size: int) -> bool:
    """Return whether writers that do not know the length of a recording give such a size."""
    return size <= 0 or 0x7FFF_0000 <= size <= 0x8000_0000 or 0xFFFF_0000 <= size <= 0xFFFF_FFFF
