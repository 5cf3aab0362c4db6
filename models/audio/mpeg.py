"""MPEG audio (MP1, MP2, MP3): frames are counted, so that no header that lies or lacks decides how much is read.

libsndfile takes the length from a Xing header (which a variable bit rate needs) or guesses it from the first frame.
Here each recording gets a Xing header with the number of its frames: https://multimedia.cx/mirror/xing.html.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import Piece, read_at

_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SAME = 0xFFFE0C00  # of a header: what frames of one stream have in common (sync, version, layer, rate)
_SURE = 6
"""Frames in a row by which a stream is known among other bytes."""

_SKIPPED = 4096
"""Bytes between frames that are worth a warning; shorter ones are tags."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Frame:
    header: int
    length: int
    layer: int
    mono: bool
    version: int


class _Bytes:
    """A file of which short pieces are read one after the other."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self.end = file, end
        self._start, self._data = 0, b""

    def at(self, offset: int, count: int) -> bytes:
        begin = offset - self._start
        if begin < 0 or begin + count > len(self._data):
            self._start, self._data = offset, read_at(self._file, offset, max(count, _CHUNK))
            begin = 0
        return self._data[begin : begin + count]


def find_links(file: BinaryIO, end: int) -> FoundLinks:
    """Find the recordings of an MPEG file; none where it is something else."""
    data = _Bytes(file, end)
    found = FoundLinks()
    at, skipped = 0, 0
    while (begin := _search(data, at, _CHUNK if not found.links else end)) >= 0:
        skipped += _rubbish(data, at, begin)
        stop, frames, cut = _walk(data, begin)
        link, missing = _link(data, begin, stop, frames)
        found.links.append(link)
        if cut or missing > 1:
            seconds = f"about {missing * _seconds(data, begin):.2f} s" if missing > 1 else "its last frame"
            found.warnings.append(f"it was cut off: {seconds} missing".replace("frame missing", "frame is incomplete"))
        at = stop
    if found.links and (skipped := skipped + (0 if cut else _rubbish(data, at, end))) > _SKIPPED:
        found.warnings.append(f"{skipped} bytes in it are not sound and were skipped")
    return found


def _parse(head: bytes) -> _Frame | None:
    """Read the header of a frame: ISO/IEC 11172-3, 2.4.1.3."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    header = int.from_bytes(head[:4], "big")
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    bits, rate, padding = header >> 12 & 15, header >> 10 & 3, header >> 9 & 1
    if version == 1 or layer == 4 or not 0 < bits < 15 or rate == 3:
        return None
    kbits = _KBITS[1 if version == 3 else 2, layer][bits - 1]
    hertz = _RATES[version][rate]
    if layer == 1:
        length = (12000 * kbits // hertz + padding) * 4
    else:
        length = (72000 if layer == 3 and version != 3 else 144000) * kbits // hertz + padding
    return _Frame(header, length, layer, header >> 6 & 3 == 3, version)


def _search(data: _Bytes, start: int, within: int) -> int:
    """Return where frames begin, at an offset or after it, or -1."""
    at, stop = start, min(data.end, start + within)
    while at < stop:
        head = data.at(at, 10)
        if head[:3] == b"ID3" and len(head) == 10:
            at += 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            stop = min(data.end, max(stop, at + within))
            continue
        if (frame := _parse(head)) and _sure(data, at, frame):
            return at
        piece = data.at(at + 1, min(1 << 16, max(1, data.end - at - 1)))
        signs = [place for sign in (b"\xff", b"ID3") if (place := piece.find(sign)) >= 0]
        at += 1 + (min(signs) if signs else len(piece))
        if not piece:
            break
    return -1


def _sure(data: _Bytes, at: int, frame: _Frame) -> bool:
    """Return whether more frames of the kind follow, or the end of the file."""
    first = frame.header & _SAME
    for count in range(1, _SURE):
        at += frame.length
        if at >= data.end:
            return count >= 3
        following = _parse(data.at(at, 4))
        if not following or following.header & _SAME != first:
            return count >= 3 and data.at(at, 3) in (b"TAG", b"ID3", b"APE")
        frame = following
    return True


def _walk(data: _Bytes, at: int) -> tuple[int, int, bool]:
    """Return the end of the frames that begin at an offset, their number, and whether the last one is incomplete."""
    frames = 0
    first = None
    while frame := _parse(data.at(at, 4)):
        first = frame.header & _SAME if first is None else first
        if frame.header & _SAME != first or (frames and _xing(data, at, frame)):
            break
        if at + frame.length > data.end:
            return at, frames, True
        at += frame.length
        frames += 1
    return at, frames, False


def _xing(data: _Bytes, at: int, frame: _Frame) -> int:
    """Return the offset of a Xing header in a frame, or 0."""
    if frame.layer != 3:
        return 0
    side = (17 if frame.mono else 32) if frame.version == 3 else (9 if frame.mono else 17)
    place = at + 4 + side
    return place if data.at(place, 4) in (b"Xing", b"Info") else 0


def _link(data: _Bytes, begin: int, stop: int, frames: int) -> tuple[ChainLink, int]:
    """Return a recording whose Xing header has the right number of frames, and how many are missing."""
    frame = _parse(data.at(begin, 4))
    if not frame or frame.layer != 3:
        return ChainLink([(begin, stop)], "MP3"), 0
    place = _xing(data, begin, frame)
    if not place:
        return ChainLink([_made_xing(frame, frames), (begin, stop)], "MP3"), 0
    after = begin + frame.length
    flags, count = struct.unpack(">II", data.at(place + 4, 8))
    if flags & 1 and count == frames - 1:
        return ChainLink([(begin, stop)], "MP3"), 0
    pieces: list[Piece] = [_made_xing(frame, frames - 1), (after, stop)]
    return ChainLink(pieces, "MP3"), max(0, count - (frames - 1)) if flags & 1 else 0


def _made_xing(frame: _Frame, frames: int) -> bytes:
    header = frame.header & ~0xF200 | 9 << 12 | 1 << 16  # 80 or 128 kbit/s, no padding, no checksum
    made = _parse(header.to_bytes(4, "big"))
    assert made is not None
    side = (17 if frame.mono else 32) if frame.version == 3 else (9 if frame.mono else 17)
    head = header.to_bytes(4, "big") + bytes(side) + b"Info" + struct.pack(">II", 1, frames)
    return head.ljust(made.length, b"\0")


def _seconds(data: _Bytes, at: int) -> float:
    """Return the duration of a frame."""
    frame = _parse(data.at(at, 4))
    assert frame is not None
    samples = 384 if frame.layer == 1 else 576 if frame.layer == 3 and frame.version != 3 else 1152
    return samples / _RATES[frame.version][frame.header >> 10 & 3]


def _rubbish(data: _Bytes, start: int, stop: int) -> int:
    """Return the number of bytes between two offsets, without a tag at their start."""
    head = data.at(start, 10)
    if head[:3] == b"ID3" and len(head) == 10:
        start += 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    return max(0, stop - start)
