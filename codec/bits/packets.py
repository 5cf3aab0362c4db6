"""Packets of a live stream: the codes of a few steps and, now and then, whose voice they are in."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.packing import BitPacking


class Voice(NamedTuple):
    """How loud, and who.

    Parameters
    ----------
    level : int
        Active level, 0 to 255: -127.5 dBov and half a decibel more for each one.
    speaker : bytes
        The quantised speaker vector.
    """

    level: int
    speaker: bytes


class Packets:
    """The layout of a stream's packets: codes as in a block; a packet that is longer tells a voice after them.

    Parameters
    ----------
    widths : iterable of int
        Bits of each book's codes.
    steps : int
        Steps in a packet.
    speaker : int
        Bytes of a speaker vector.

    Attributes
    ----------
    plain, telling : int
        Bytes of a packet without a voice, and of one with it.
    """

    def __init__(self, widths: Iterable[int], steps: int, speaker: int) -> None:
        self._packing = BitPacking(widths)
        self.steps = steps
        self.plain = self._packing.size(steps)
        self.size_with_voice = self.plain + 1 + speaker

    def pack(self, codes: npt.NDArray[np.int16], voice: Voice | None = None) -> bytes:
        """Return the packet of codes [steps, books]; the voice holds from its first step on."""
        voice_bytes = b"" if voice is None else bytes((voice.level,)) + voice.speaker
        return self._packing.pack(self._packing.check(codes)) + voice_bytes

    def unpack(self, packet: bytes) -> tuple[npt.NDArray[np.int16], Voice | None]:
        """Return the codes [steps, books] of a packet and the voice it tells; raise FormatError where it is none."""
        if not self.fits(packet):
            raise FormatError(
                f"a packet of {len(packet)} bytes where they have {self.plain} or {self.size_with_voice}",
                "leave it out",
            )
        return self.codes(packet), self.voice(packet)

    def fits(self, packet: bytes) -> bool:
        """Return whether a packet has one of the two sizes."""
        return len(packet) in (self.plain, self.size_with_voice)

    def codes(self, packet: bytes) -> npt.NDArray[np.int16]:
        """Return the codes [steps, books] of a packet of one of the two sizes."""
        return self._packing.unpack(packet[: self.plain], self.steps)

    def voice(self, packet: bytes) -> Voice | None:
        """Return the voice that such a packet tells."""
        voice_bytes = packet[self.plain :]
        return Voice(voice_bytes[0], voice_bytes[1:]) if voice_bytes else None
