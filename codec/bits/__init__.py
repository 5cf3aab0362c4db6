"""The .sotto file, version 1: codes to bytes and back, in integers only. `docs/FORMAT.md` describes it."""

from sottovoce.codec.bits.block import CodeBlock
from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.header import MAX_PARITY, Header
from sottovoce.codec.bits.lengths import BLOCK_STEPS
from sottovoce.codec.bits.packets import Packets, Voice
from sottovoce.codec.bits.reader import Reader
from sottovoce.codec.bits.voices import VoiceChange
from sottovoce.codec.bits.writer import PacketWriter, Writer

__all__ = [
    "BLOCK_STEPS",
    "MAX_PARITY",
    "CodeBlock",
    "FormatError",
    "Header",
    "PacketWriter",
    "Packets",
    "Reader",
    "Voice",
    "VoiceChange",
    "Writer",
]
