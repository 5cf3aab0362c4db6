"""What a file says about itself before its first block."""

from dataclasses import dataclass

from sottovoce.codec.bits import varint
from sottovoce.codec.bits.crc import CRC_BYTES, append_crc, has_valid_crc
from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.source import Source

MAGIC = b"\x89STO"
VERSION = 1
METADATA_LIMIT = 1 << 16
"""Bytes that metadata may have."""

_CODED, _METADATA, _UNKNOWN_LENGTH, _PROTECTED, _PACKETS, _DTX = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6
_UNDERSTOOD = _CODED | _METADATA | _UNKNOWN_LENGTH | _PROTECTED | _PACKETS | _DTX
MAX_PACKET_STEPS = 50
"""Steps that a packet may have."""

MAX_PARITY = 16
"""Parity records that a group of blocks may have."""

_CHANNEL_BITS = 5
_MAX_CHANNELS = (1 << _CHANNEL_BITS) - 1
_NEWER = "update sottovoce"
_DAMAGED = "get the file again"


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file.

    Parameters
    ----------
    model : bytes
        First 4 bytes of the SHA-256 of the model's weights.
    preset : int
        Rate within that model's family, 0 to 255.
    samples : int or None
        Length at the model's sample rate; None when the stream was written before its length was known.
    rate : int
        Samples a second (Hz) that the recording had before it was encoded.
    channels : int
        Channels that it had; the file keeps 31 for more than these.
    level : int
        Active level of the recording, 0 to 255: -127.5 dBov and half a decibel more for each one.
    speaker : bytes
        The quantised speaker vector, at most 255 bytes.
    metadata : bytes or None
        Kept as it is, at most 64 KiB; None when there is none.
    packet_steps : int
        Steps of each packet of a live stream, 1 to 50, whose length is unknown; 0 for a recording in blocks.
    coded : bool
        Whether blocks are entropy coded, by the model's context model. Packets aren't.
    held : bool
        Whether steps of entropy coded blocks may be held, in pauses.
    protection : int
        Parity records after each group of entropy coded blocks, 0 to 16: as many of its blocks may be lost.
    """

    model: bytes
    preset: int
    samples: int | None
    rate: int
    channels: int
    level: int
    speaker: bytes = b""
    metadata: bytes | None = None
    packet_steps: int = 0
    coded: bool = False
    dtx: bool = False
    protection: int = 0

    def __post_init__(self) -> None:
        if len(self.model) != 4:
            raise ValueError("a model's id has 4 bytes")
        if not (0 <= self.preset <= 255 and 0 <= self.level <= 255):
            raise ValueError("preset and level are 0 to 255")
        if not (0 <= (self.samples or 0) < varint.LIMIT and 0 <= self.rate < varint.LIMIT >> _CHANNEL_BITS):
            raise ValueError("length and rate are unsigned integers of 64 and 59 bits")
        if self.channels < 0:
            raise ValueError("channels are not negative")
        if len(self.speaker) > 255:
            raise ValueError("a speaker vector has at most 255 bytes")
        if len(self.metadata or b"") > METADATA_LIMIT:
            raise ValueError(f"metadata has at most {METADATA_LIMIT} bytes")
        if not 0 <= self.packet_steps <= MAX_PACKET_STEPS or (self.packet_steps and self.samples is not None):
            raise ValueError(f"packets have at most {MAX_PACKET_STEPS} steps, and make a stream of unknown length")
        if self.packet_steps and self.coded:
            raise ValueError("packets aren't entropy coded")
        if self.dtx and not self.coded:
            raise ValueError("only entropy coded steps can be held")
        if not 0 <= self.protection <= MAX_PARITY or (self.protection and not self.coded):
            raise ValueError(f"entropy coded blocks have at most {MAX_PARITY} parity records a group, others none")

    def pack(self) -> bytes:
        """Return the bytes of the header, checksum included."""
        flags = (self.samples is None) * _UNKNOWN_LENGTH | (self.metadata is not None) * _METADATA
        flags |= bool(self.packet_steps) * _PACKETS | self.coded * _CODED | self.dtx * _DTX
        flags |= bool(self.protection) * _PROTECTED
        parts = [
            MAGIC,
            bytes((VERSION, flags)),
            self.model,
            bytes((self.preset,)),
            varint.encode(self.samples or 0),
            varint.encode(self.rate << _CHANNEL_BITS | min(self.channels, _MAX_CHANNELS)),
            bytes((self.level, len(self.speaker))),
            self.speaker,
        ]
        if self.packet_steps:
            parts.append(bytes((self.packet_steps,)))
        if self.protection:
            parts.append(bytes((self.protection,)))
        if self.metadata is not None:
            parts += varint.encode(len(self.metadata)), self.metadata
        return append_crc(b"".join(parts))

    @classmethod
    def read(cls, source: Source) -> "Header":
        """Take a header from the start of a stream; raise FormatError when there is none that can be read."""
        header, size = cls._peek(source)
        source.skip(size)
        return header

    @classmethod
    def is_next(cls, source: Source) -> bool:
        """Return whether a header that can be read comes next; nothing is taken."""
        try:
            return source.peek(0, len(MAGIC)) == MAGIC and cls._peek(source)[1] > 0
        except FormatError:
            return False

    @classmethod
    def _peek(cls, source: Source) -> tuple["Header", int]:
        """Look at a header, and how many bytes it has."""
        fields = _Fields(source)
        if source.peek(0, 1) is None:
            raise FormatError("the file is empty", _DAMAGED)
        if any(fields.byte() != expected for expected in MAGIC):
            raise FormatError("not a .sotto file", "give a file that `sotto encode` wrote")
        if (version := fields.byte()) != VERSION:
            raise FormatError(f"made by a newer sottovoce (format version {version})", _NEWER)
        if (flags := fields.byte()) & ~_UNDERSTOOD:
            raise FormatError(f"needs a newer sottovoce (flags {flags:#04x})", _NEWER)
        model, preset = fields.take(4), fields.byte()
        samples, origin = fields.varint(), fields.varint()
        level, speaker = fields.byte(), fields.take(fields.byte())
        packet_steps = fields.byte() if flags & _PACKETS else 0
        protection = fields.byte() if flags & _PROTECTED else 0
        metadata = None
        if flags & _METADATA:
            if (size := fields.varint()) > METADATA_LIMIT:
                raise FormatError("the header is damaged", _DAMAGED)
            metadata = fields.take(size)
        fields.take(CRC_BYTES)
        unknown = bool(flags & _UNKNOWN_LENGTH)
        coded, dtx = bool(flags & _CODED), bool(flags & _DTX)
        packets = unknown and not coded and 1 <= packet_steps <= MAX_PACKET_STEPS
        protected = coded and 1 <= protection <= MAX_PARITY
        possible = (
            (not unknown or not samples)
            and (packets or not flags & _PACKETS)
            and (protected or not flags & _PROTECTED)
            and (coded or not dtx)
        )
        if not has_valid_crc(fields.all()) or not possible:
            raise FormatError("the header is damaged", _DAMAGED)
        rate, channels = origin >> _CHANNEL_BITS, origin & _MAX_CHANNELS
        length = None if unknown else samples
        how = packet_steps, coded, dtx, protection
        return cls(model, preset, length, rate, channels, level, speaker, metadata, *how), fields.at


class _Fields:
    """Reads field after field without taking them, so that the checksum can be held against all of them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.at = 0

    def take(self, size: int) -> bytes:
        found = self.source.peek(self.at, self.at + size)
        if found is None:
            raise FormatError("the file ends within its header", _DAMAGED)
        self.at += size
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        found = varint.peek(self.source, self.at)
        if found is None:
            raise FormatError("the header is damaged", _DAMAGED)
        value, self.at = found
        return value

    def all(self) -> bytes:
        return self.source.peek(0, self.at) or b""
