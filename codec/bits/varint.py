"""Unsigned integers in LEB128: seven bits a byte, lowest first, the top bit set on all but the last byte."""

from sottovoce.codec.bits.source import Source

LIMIT = 1 << 64
"""Every value is below this."""

_LONGEST = 10  # bytes of LIMIT - 1


def encode(value: int) -> bytes:
    """Return the shortest encoding of ``0 <= value < 2**64``."""
    if not 0 <= value < LIMIT:
        raise ValueError(f"{value} is not an unsigned 64-bit integer")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def peek(source: Source, start: int) -> tuple[int, int] | None:
    """Look at the integer at `start`.

    Returns
    -------
    (int, int) or None
        The value and where the next field starts; None when the stream ends too early, the value needs more than
        64 bits, or it isn't in its shortest form.
    """
    value = 0
    for index in range(_LONGEST):
        byte = source.peek(start + index, start + index + 1)
        if byte is None:
            return None
        value |= (byte[0] & 0x7F) << (7 * index)
        if byte[0] < 0x80:
            shortest = byte[0] > 0 or index == 0
            return (value, start + index + 1) if shortest and value < LIMIT else None
    return None
