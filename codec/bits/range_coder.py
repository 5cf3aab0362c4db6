"""A range coder: symbols to bytes, each at the cost of its probability, and back.

After G. N. N. Martin, "Range encoding: an algorithm for removing redundancy from a digitised message" (1979), byte by
byte, with carries that run back into what was written. A symbol is an interval [low, low + width) of 2**total_bits
frequencies; which intervals there are may change from symbol to symbol, as long as both ends agree.

Every string of bytes decodes to symbols, whatever was asked for: what is damaged gives others, and behind the end there
are zeros. A checksum is another's business.
"""

STATE_BITS = 56
"""Of the state: with the carry it fits into 64 bits, and what rounding costs is far below a bit in any stream."""

TOTAL_BITS = 16
"""Widest resolution of frequencies."""


def max_bytes(symbols: int) -> int:
    """Return the maximum number of bytes of the given number of symbols."""
    return symbols * TOTAL_BITS // 8 + 1


_WHOLE = 1 << STATE_BITS
_REST = STATE_BITS - 8  # bits below the state's first byte
_SMALL = 1 << _REST


class RangeEncoder:
    """Writes symbols; at most one byte more than they hold."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._low = 0
        self._range = _WHOLE

    def encode(self, low: int, width: int, total_bits: int) -> None:
        """Write a symbol.

        Parameters
        ----------
        low, width : int
            Its interval, ``0 <= low < low + width <= 2**total_bits``.
        total_bits : int
            Resolution of the frequencies, 0 to 16.

        Raises
        ------
        ValueError
            When it is no such interval.
        """
        total = _total(total_bits)
        if not 0 <= low < low + width <= total:
            raise ValueError(f"[{low}, {low + width}) is no interval within [0, {total})")
        unit = self._range >> total_bits
        self._low += unit * low
        # The last symbol gets what rounding left over, so that no part of the range stands for nothing.
        self._range = unit * width if low + width < total else self._range - unit * low
        if self._low >= _WHOLE:
            self._low -= _WHOLE
            _carry(self._out)
        while self._range < _SMALL:
            self._out.append(self._low >> _REST)
            self._low = (self._low << 8) & (_WHOLE - 1)
            self._range <<= 8

    def finish(self) -> bytes:
        """Return bytes that decode to these symbols, without zeros at their end. Nothing can be written after them."""
        if self._low + self._range > _WHOLE:
            _carry(self._out)  # to the number above, which ends in zeros: the last byte can be spared
        else:
            # What is within the range, too, and needs nothing but its first byte told.
            self._out.append(-(-self._low // _SMALL))
        return bytes(self._out).rstrip(b"\0")


class RangeDecoder:
    """Reads symbols.

    Parameters
    ----------
    data : bytes
        What an encoder has written. Of anything else come symbols, too, and never an error.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = STATE_BITS // 8
        self._value = int.from_bytes(data[: self._next].ljust(self._next, b"\0"), "big")
        self._range = _WHOLE

    def target(self, total_bits: int) -> int:
        """Return a frequency, 0 to ``2**total_bits - 1``, in the interval of the next symbol."""
        total = _total(total_bits)
        self._unit, self._total = self._range >> total_bits, total
        return min(self._value // self._unit, total - 1)

    def advance(self, low: int, width: int) -> None:
        """Go on behind the symbol whose interval, [low, low + width), holds the last target."""
        unit = self._unit
        self._value -= unit * low
        self._range = unit * width if low + width < self._total else self._range - unit * low
        while self._range < _SMALL:
            byte = self._data[self._next] if self._next < len(self._data) else 0
            self._next += 1
            self._value = self._value << 8 | byte
            self._range <<= 8


def _total(bits: int) -> int:
    if not 0 <= bits <= TOTAL_BITS:
        raise ValueError(f"total_bits must be 0 to {TOTAL_BITS}, not {bits}")
    return 1 << bits


def _carry(out: bytearray) -> None:
    """Add one to a number of bytes, which has room for it."""
    place = len(out) - 1
    while out[place] == 0xFF:
        out[place] = 0
        place -= 1
    out[place] += 1
