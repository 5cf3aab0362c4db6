"""FLAC (RFC 9639): files that were put one behind the other are separated."""

from __future__ import annotations

from typing import BinaryIO

from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import find_in

MAGIC = b"fLaC"
_BEGINS = [MAGIC + bytes([last, 0, 0, 34]) for last in (0, 0x80)]  # marker and head of the block STREAMINFO


def find_links(file: BinaryIO, end: int) -> FoundLinks:
    """Find the recordings of a FLAC file."""
    begins = []
    at = 0
    while (at := find_in(file, _BEGINS, at, end)) >= 0:
        begins.append(at)
        at += len(MAGIC)
    if len(begins) < 2:
        return FoundLinks([ChainLink(kind="FLAC")])
    return FoundLinks(
        [ChainLink([(begin, stop)], "FLAC") for begin, stop in zip(begins, [*begins[1:], end], strict=True)]
    )
