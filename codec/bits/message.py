"""Messages: short recordings in few bytes, whole or in packets that can be decoded alone.

A message has no magic, no id of its model and no size: its first byte names a mode, its checksum covers the id, and
whoever carries it knows where it ends. `docs/FORMAT.md` describes it.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sottovoce.codec.bits import varint
from sottovoce.codec.bits.crc import CRC_BYTES, crc16
from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.source import Source

MARK, MARK_MASK = 0xC0, 0xC0
"""The highest two bits of a message's first byte are ones."""

ENCRYPTED, PART, MODE_MASK = 0x20, 0x10, 0x0F
"""Of the first byte: two flags, and the mode."""

OTHER = 15
"""The mode of models without a number: their id and preset are in the message."""

NUMBERED_MODES = 8
"""Modes 0 to 7 are the presets of the model `default`, by their index."""

PACKET_FILE = 0xA0
"""First byte of a file of packets."""

MOST_STEPS = 1500
"""Steps that a message may have: a minute at 25 steps per second."""

MOST_SPEAKER_CODES = 3
MOST_BYTES = 1 << 20
"""Size of a message file that a reader looks at."""

_LEVELS = 32
_DTX = 4


class Part(NamedTuple):
    """Which part of a message a packet holds.

    Parameters
    ----------
    message : int
        Random number of the message, 0 to 255, the same in all its packets.
    total : int
        Steps of the whole message.
    first : int
        Steps before this packet: its sequence number.
    """

    message: int
    total: int
    first: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message, or a packet of one that was split.

    Parameters
    ----------
    mode : int
        0 to 7 for a preset of the model `default`, or `OTHER`.
    level : int
        Active level, 0 to 31: -2 dBov and 2 dB less for each one.
    steps : int
        Number of steps in it.
    payload : bytes
        The entropy coded steps.
    dtx : bool
        Whether steps may repeat the one before.
    speaker : bytes
        The first codes of the speaker vector, at most 3.
    model, preset : bytes, int
        Id of the model and index of its preset, for the mode `OTHER`.
    part : Part or None
        Which part of the message it is; None for a whole one.
    """

    mode: int
    level: int
    steps: int
    payload: bytes
    dtx: bool = False
    speaker: bytes = b""
    model: bytes = b""
    preset: int = 0
    part: Part | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.mode < NUMBERED_MODES or self.mode == OTHER) or not 0 <= self.level < _LEVELS:
            raise ValueError("a mode is 0 to 7 or 15, a level 0 to 31")
        if len(self.speaker) > MOST_SPEAKER_CODES or len(self.model) != 4 * (self.mode == OTHER):
            raise ValueError("a message has at most 3 speaker codes, and the id of a model without a number")
        first, total = (self.part.first, self.part.total) if self.part else (0, self.steps)
        if not (self.steps >= 1 and first >= 0 and first + self.steps <= total <= MOST_STEPS):
            raise ValueError(f"{self.steps} steps from {first} of {total}; a message has at most {MOST_STEPS}")

    @property
    def preset_index(self) -> int:
        """Index of the preset."""
        return self.preset if self.mode == OTHER else self.mode

    def body(self) -> bytes:
        """Return its bytes without the checksum."""
        parts = [bytes((MARK | (PART if self.part else 0) | self.mode,))]
        if self.mode == OTHER:
            parts += self.model, bytes((self.preset,))
        parts.append(bytes((self.level << 3 | self.dtx * _DTX | len(self.speaker),)))
        if self.part:
            parts.append(bytes((self.part.message,)))
            parts += map(varint.encode, (self.part.total, self.part.first, self.steps))
        else:
            parts.append(varint.encode(self.steps))
        return b"".join([*parts, self.speaker, self.payload])

    @classmethod
    def parse(cls, body: bytes) -> "Message":
        """Return what bytes without the checksum contain; raise FormatError where they are no message."""
        fields = _MessageFields(body)
        first_byte = fields.byte()
        mode = first_byte & MODE_MASK
        model, preset = (fields.take(4), fields.byte()) if mode == OTHER else (b"", 0)
        voice = fields.byte()
        part = None
        if first_byte & PART:
            part = Part(fields.byte(), fields.varint(), fields.varint())
        steps = fields.varint()
        speaker = fields.take(voice & 3)
        level, dtx = voice >> 3, bool(voice & _DTX)
        try:
            return cls(mode, level, steps, fields.rest(), dtx, speaker, model, preset, part)
        except ValueError as error:
            if mode != OTHER and mode >= NUMBERED_MODES:
                raise FormatError(f"a message of a newer sottovoce (mode {mode})", "update sottovoce") from error
            raise _damaged() from error


IdsOf = Callable[[bytes], Sequence[bytes]]
"""Returns the ids of the models that a message without its checksum may be of."""


def is_message(data: bytes) -> bool:
    """Return whether bytes begin as a message or a file of packets does."""
    return bool(data) and (data[0] & MARK_MASK == MARK or data[0] == PACKET_FILE)


def is_encrypted(data: bytes) -> bool:
    """Return whether a message or a packet is encrypted."""
    return bool(data) and data[0] & (MARK_MASK | ENCRYPTED) == MARK | ENCRYPTED


def is_packet(data: bytes) -> bool:
    """Return whether bytes begin as a packet of a split message or a file of packets does."""
    return is_message(data) and (data[0] == PACKET_FILE or bool(data[0] & PART))


def sealed(body: bytes, model: bytes) -> bytes:
    """Return a message with its checksum, which covers the id of its model too."""
    return body + crc16(model + body).to_bytes(CRC_BYTES, "little")


def unsealed(data: bytes, ids_of: IdsOf) -> tuple[bytes, bytes]:
    """Return a message without its checksum, and the id of its model; raise FormatError where the checksum is wrong."""
    body = data[:-CRC_BYTES]
    if body:
        for model in ids_of(body):
            if sealed(body, model) == data:
                return body, model
    raise _damaged()


def stated_model(body: bytes) -> bytes | None:
    """Return the id of the model that a message states; None where its mode has a number."""
    return body[1:5] if body[0] & MODE_MASK == OTHER else None


def pack_packets(packets: Iterable[bytes]) -> bytes:
    """Return a file of packets: each with its size before it."""
    return bytes((PACKET_FILE,)) + b"".join(varint.encode(len(packet)) + packet for packet in packets)


def packets_of(data: bytes) -> Iterator[bytes]:
    """Yield the packets of a file, or the message alone; what is cut off is left out."""
    if data[:1] != bytes((PACKET_FILE,)):
        yield data
        return
    fields = _MessageFields(data)
    fields.byte()
    try:
        while fields.at < len(data):
            yield fields.take(fields.varint())
    except FormatError:
        return


class _MessageFields:
    """Reads field after field."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._source = Source(io.BytesIO(data))
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise _damaged()
        self.at += size
        return self._data[self.at - size : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        found = varint.peek(self._source, self.at)
        if found is None:
            raise _damaged()
        value, self.at = found
        return value

    def rest(self) -> bytes:
        return self.take(len(self._data) - self.at)


def _damaged() -> FormatError:
    return FormatError("the message is damaged, or made with another model", "get it again")
