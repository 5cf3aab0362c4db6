"""Tags in WAV: the list INFO of RIFF (Multimedia Programming Interface and Data Specifications 1.0, 1991)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from sottovoce.models.audio.view import read_at, size_of

FIELDS = {
    "INAM": "TITLE",
    "IART": "ARTIST",
    "IPRD": "ALBUM",
    "ICRD": "DATE",
    "ICMT": "COMMENT",
    "IGNR": "GENRE",
    "ITRK": "TRACKNUMBER",
    "ICOP": "COPYRIGHT",
    "ILNG": "LANGUAGE",
    "IENG": "ENGINEER",
    "ISBJ": "DESCRIPTION",
    "IKEY": "KEYWORDS",
    "ISRC": "SOURCE",
}
"""Key of the tag that each field holds. A field has one value, and other tags have none."""

_ALSO = {"IPRT": "TRACKNUMBER"}
_MOST = 1 << 20
"""Bytes of a list that are read at most."""


def read_info(file: BinaryIO) -> dict[str, list[str]]:
    """Return the tags in the lists INFO of a WAV; none where it is not one."""
    end = size_of(file)
    start = read_at(file, 0, 12)
    found: dict[str, list[str]] = {}
    if start[:4] not in (b"RIFF", b"RF64", b"BW64") or start[8:] != b"WAVE":
        return found
    at = 12
    while at + 8 <= end and len(head := read_at(file, at, 12)) >= 8:
        name, size = struct.unpack("<4sI", head[:8])
        if name == b"LIST" and head[8:] == b"INFO" and size <= _MOST:
            for key, value in _fields(read_at(file, at + 12, size - 4)):
                found.setdefault(key, []).append(value)
        at += 8 + size + size % 2
    return found


def _fields(data: bytes) -> list[tuple[str, str]]:
    """Return keys and values of the fields in a list."""
    found = []
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        text = data[at + 8 : at + 8 + size].split(b"\0")[0]
        field = name.decode("latin-1")
        key = FIELDS.get(field) or _ALSO.get(field)
        if key and text:
            found.append((key, _decoded(text)))
        at += 8 + size + size % 2
    return found


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def info_chunk(tags: Mapping[str, Sequence[str]]) -> bytes:
    """Return the chunk that holds those of the tags for which there is a field, in UTF-8; empty for none."""
    fields = b""
    for name, key in FIELDS.items():
        if key in tags:
            text = "; ".join(tags[key]).encode() + b"\0"
            fields += struct.pack("<4sI", name.encode(), len(text)) + text + bytes(len(text) % 2)
    return struct.pack("<4sI", b"LIST", len(fields) + 4) + b"INFO" + fields if fields else b""
