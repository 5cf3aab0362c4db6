"""Apple's Core Audio Format: the last chunk may have an unknown size, which libsndfile does not read."""

from __future__ import annotations

import struct
from typing import BinaryIO

from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import read_at

MAGIC = b"caff"


def find_links(file: BinaryIO, end: int) -> FoundLinks:
    """Find the recording of a CAF file, with a size where it has none."""
    at = 8
    while at + 12 <= end:
        head = read_at(file, at, 12)
        (size,) = struct.unpack(">q", head[4:])
        if head[:4] == b"data" and (size < 0 or at + 12 + size > end):
            warnings = [] if size < 0 else ["it was cut off: the end of its samples is missing"]
            true = struct.pack(">q", end - at - 12)
            return FoundLinks([ChainLink([(0, at + 4), true, (at + 12, end)], "CAF")], warnings)
        if size < 0:
            break
        at += 12 + size
    return FoundLinks([ChainLink(kind="CAF")])
