"""Which records a file can have."""

from sottovoce.codec.bits.header import Header
from sottovoce.codec.bits.lengths import steps_of
from sottovoce.codec.bits.packets import Packets
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.bits.protection.numbered import HEAD
from sottovoce.codec.bits.protection.reed_solomon import EXTRA
from sottovoce.codec.bits.range_coder import max_bytes
from sottovoce.codec.bits.records import Framing
from sottovoce.codec.bits.voices import most_bytes_of_changes


def make_framing(header: Header, packing: BitPacking, step: int, block_steps: int) -> Framing:
    """Return what finds the records of a file.

    Parameters
    ----------
    header : Header
        Of the file.
    packing : BitPacking
        Of the codes of its model and preset.
    step : int
        Samples of a step.
    block_steps : int
        Steps of a block or packet.
    """
    known = header.samples is not None
    if header.coded:
        symbols = len(packing.widths) + header.dtx
        most = HEAD + most_bytes_of_changes(block_steps, len(header.speaker)) + max_bytes(block_steps * symbols)
        most += EXTRA if header.protection else 0
        return Framing(range(1, most + 1), 1, known, protected=bool(header.protection))
    whole = packing.size(block_steps)
    if header.packet_steps:
        size_with_voice = Packets(packing.widths, block_steps, len(header.speaker)).size_with_voice
        return Framing((whole, size_with_voice), whole, known, size_with_voice=size_with_voice)
    if header.samples is None:
        return Framing(range(packing.size(1), whole + 1), whole, known)
    rest = packing.size((steps_of(header.samples, step) - 1) % block_steps + 1)
    return Framing((whole, rest), whole, known)
