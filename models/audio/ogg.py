"""Ogg (RFC 3533): chained streams are separated, cut ones are read to the cut, FLAC is taken out of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import Piece, find_in, read_at

MAGIC = b"OggS"
_HEADER = 27
_BEGIN, _END = 2, 4  # flags of a page
_FLAC = b"\x7fFLAC"  # FLAC's mapping to Ogg: 9 bytes, then a native FLAC file


@dataclass(frozen=True)
class _Page:
    start: int
    body: int
    stop: int
    flags: int


def find_links(file: BinaryIO, end: int) -> FoundLinks:
    """Find the recordings of an Ogg file, and what is wrong with it."""
    found = FoundLinks()
    chain: list[_Page] = []
    for page in _pages(file, end, found.warnings):
        if page.flags & _BEGIN and chain and not chain[-1].flags & _BEGIN:
            found.links.append(_link(file, chain))
            chain = []
        chain.append(page)
    if chain:
        found.links.append(_link(file, chain))
        if not chain[-1].flags & _END and not found.warnings:
            found.warnings.append("it was cut off: its last page is missing")
    if len(found.links) == 1 and not found.warnings and found.links[0].kind == "Ogg":
        found.links = [ChainLink(kind="Ogg")]
    return found


def _pages(file: BinaryIO, end: int, warnings: list[str]) -> Iterator[_Page]:
    at = 0
    while at + _HEADER <= end:
        head = read_at(file, at, _HEADER + 255)
        if not head.startswith(MAGIC):
            after = find_in(file, [MAGIC], at + 1, end)
            stop = end if after < 0 else after
            warnings.append(f"{stop - at} bytes in it are not sound and were skipped")
            if after < 0:
                return
            at = after
            continue
        count = head[_HEADER - 1]
        body = at + _HEADER + count
        stop = body + sum(head[_HEADER : _HEADER + count])
        if len(head) < _HEADER + count or stop > end:
            break
        yield _Page(at, body, stop, head[5])
        at = stop
    if at < end:
        warnings.append("it was cut off: its last page is incomplete")


def _link(file: BinaryIO, chain: list[_Page]) -> ChainLink:
    if read_at(file, chain[0].body, len(_FLAC)) == _FLAC:
        first = (chain[0].body + 9, chain[0].stop)
        pieces: list[Piece] = [first, *((page.body, page.stop) for page in chain[1:])]
        return ChainLink(pieces, "FLAC")
    return ChainLink([(chain[0].start, chain[-1].stop)], "Ogg")
