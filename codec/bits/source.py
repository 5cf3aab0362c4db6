"""Looking ahead in a stream that can't seek."""

from typing import BinaryIO


class Source:
    """A window on a binary stream: bytes are looked at first and taken later.

    It never reads further than it was asked to, so that a block of a live stream is there as soon as its last byte is.

    Parameters
    ----------
    stream : file-like
        Anything with ``read(n)`` that returns bytes; short reads are fine, an empty one is the end.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = bytearray()
        self.last: int | None = None  # byte that was taken
        self.taken = 0  # bytes so far

    def _fill(self, count: int) -> bool:
        """Hold at least `count` bytes; False when the stream ends before."""
        while len(self._held) < count:
            more = self._stream.read(count - len(self._held))
            if not more:
                return False
            self._held += more
        return True

    @property
    def pending(self) -> bytes:
        """Bytes that were looked at and not taken."""
        return bytes(self._held)

    def peek(self, start: int, stop: int) -> bytes | None:
        """Return the bytes from `start` to `stop`, counted from here, or None where the stream ends before `stop`."""
        return bytes(self._held[start:stop]) if self._fill(stop) else None

    def upto(self, stop: int) -> bytes:
        """Return the bytes up to `stop`, or as many as there are."""
        self._fill(stop)
        return bytes(self._held[:stop])

    def skip(self, count: int) -> bool:
        """Go `count` bytes on; False, and nowhere, when the stream ends before."""
        if not self._fill(count):
            return False
        if count:
            self.last = self._held[count - 1]
            self.taken += count
        del self._held[:count]
        return True
