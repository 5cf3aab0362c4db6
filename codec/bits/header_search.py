"""Where files begin in a stream: at their headers, of which protected files have two."""

from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.header import MAGIC, Header
from sottovoce.codec.bits.source import Source

MAX_GAP_BYTES = 1 << 20
"""Bytes after the end of a file in which another one is looked for."""

MAX_COPY_OFFSET = 1 << 17
"""Bytes in which the second header of a file is looked for: more than the longest first one has."""

_LOOK = 1 << 6  # bytes at once: few, so that a header that comes live doesn't wait for what follows


def begin(source: Source) -> tuple[Header, int]:
    """Take a file's header and, right after it, its copy. Where the first can't be read, the copy will do.

    Parameters
    ----------
    source : Source
        The stream, at the start of a file.

    Returns
    -------
    (Header, int)
        The header, and the bytes that were passed by before it.

    Raises
    ------
    FormatError
        When there is no header at the start, nor that of a protected file near it.
    """
    passed = 0
    try:
        header = Header.read(source)
    except FormatError:
        passed, is_next = seek(source, MAX_COPY_OFFSET)
        if not is_next or not (header := Header.read(source)).protection:
            raise
    copy = header.pack()
    if header.protection and Header.is_next(source) and source.peek(0, len(copy)) == copy:
        source.skip(len(copy))
    return header, passed


def seek(source: Source, furthest: int) -> tuple[int, bool]:
    """Pass by what isn't a header.

    Parameters
    ----------
    source : Source
        The stream.
    furthest : int
        Number of bytes after which the search ends, about.

    Returns
    -------
    (int, bool)
        The bytes that were passed by, and whether a header that can be read comes next.
    """
    passed = 0
    while not Header.is_next(source):
        window = source.upto(_LOOK)
        if not window or passed >= furthest:
            return passed + len(window), False
        start = window.find(MAGIC, 1)
        count = start if start > 0 else max(1, len(window) - len(MAGIC) + 1)
        source.skip(count)
        passed += count
    return passed, True
