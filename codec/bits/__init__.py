"""The .sotto file, version 1: codes to bytes and back, in integers only. `docs/FORMAT.md` describes it."""

from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.header import Header
from sottovoce.codec.bits.lengths import BLOCK_STEPS
from sottovoce.codec.bits.packets import Packets, Voice
from sottovoce.codec.bits.reader import Block, Reader
from sottovoce.codec.bits.writer import PacketWriter, Writer

__all__ = ["BLOCK_STEPS", "Block", "FormatError", "Header", "PacketWriter", "Packets", "Reader", "Voice", "Writer"]
