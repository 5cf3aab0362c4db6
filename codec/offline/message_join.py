"""Put the packets of a message into one file."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from sottovoce.codec.bits.message import MOST_BYTES, is_packet, pack_packets, packets_of
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import shown
from sottovoce.codec.offline.message_reader import MessageReader, Unseal
from sottovoce.codec.offline.result import Encoded
from sottovoce.models.release import Release


def read_packets(names: Sequence[str], opened: Callable[[str], AbstractContextManager[BinaryIO]]) -> list[bytes] | None:
    """Return the packets in files; None where the first is no packet of a message.

    Raises
    ------
    SottoError
        When another one is no packet.
    """
    packets: list[bytes] = []
    for name in names:
        with opened(name) as file:
            data = file.read(MOST_BYTES)
        if is_packet(data):
            packets += packets_of(data)
        elif packets:
            raise SottoError("not a packet of a message, as the others are", "leave it out", shown(name))
        else:
            return None
    return packets


def join_packets(
    packets: Sequence[bytes], sink: BinaryIO, *, known: Release | None = None, unseal: Unseal | None = None
) -> Encoded:
    """Write the packets of a message, in any order, to one file.

    Raises
    ------
    FormatError, SottoError
        When none of them can be read, or they are of several messages.
    """
    data = pack_packets(dict.fromkeys(packets))
    reader = MessageReader(data, known=known, unseal=unseal)
    if reader.trailing:
        raise SottoError("packets of several messages, or damaged ones", "join those of one message")
    sink.write(data)
    assert reader.header.samples is not None
    return Encoded(reader.header.samples / reader.header.rate, len(data))
