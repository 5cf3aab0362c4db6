"""Which recordings a file contains, whatever its name and its header say."""

from __future__ import annotations

from typing import BinaryIO

from sottovoce.models.audio import caf, flac, mpeg, ogg, wav
from sottovoce.models.audio.links import ChainLink, FoundLinks
from sottovoce.models.audio.view import read_at, size_of


def find_links(file: BinaryIO) -> FoundLinks:
    """Find the recordings that a file contains, and what is missing or wrong.

    Parameters
    ----------
    file : file-like
        Binary and seekable.

    Returns
    -------
    FoundLinks
        At least one link; a format that is not known here is the file as it is.
    """
    end = size_of(file)
    start = read_at(file, 0, 16)
    if wav.is_wav(start):
        found = wav.find_links(file, end)
    elif start.startswith(ogg.MAGIC):
        found = ogg.find_links(file, end)
    elif start.startswith(flac.MAGIC):
        found = flac.find_links(file, end)
    elif start.startswith(caf.MAGIC):
        found = caf.find_links(file, end)
    elif _is_known(start):
        found = FoundLinks()
    else:
        found = mpeg.find_links(file, end)
    return found if found.links else FoundLinks([ChainLink()], found.warnings)


def _is_known(start: bytes) -> bool:
    """Return whether these are the first bytes of another format that may contain what looks like MPEG frames."""
    return start[4:8] == b"ftyp" or start[:4] in (b"FORM", b".snd", b"riff", b"\x1aE\xdf\xa3", b"NIST", b"Crea")
