"""The .sotto file, version 1: codes to bytes and back, in integers only. `docs/FORMAT.md` describes it."""

from sottovoce.codec.bits.container import BLOCK_STEPS, Block, Reader, Writer
from sottovoce.codec.bits.errors import FormatError
from sottovoce.codec.bits.header import Header

__all__ = ["BLOCK_STEPS", "Block", "FormatError", "Header", "Reader", "Writer"]
