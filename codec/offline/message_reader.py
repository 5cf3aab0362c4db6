"""Read messages as files are read, with lost packets as damaged blocks."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, TypeAlias

from sottovoce.codec.bits import BLOCK_STEPS, CodeBlock, FormatError, Header, Reader
from sottovoce.codec.bits.block import Codes
from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.message import (
    MOST_BYTES,
    IdsOf,
    Message,
    Part,
    is_encrypted,
    is_message,
    packets_of,
    stated_model,
    unsealed,
)
from sottovoce.codec.bits.source import Source
from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import by_id, by_name
from sottovoce.codec.offline.message_encoder import level_of_message
from sottovoce.models.release import Release

Unseal = Callable[[bytes, IdsOf], tuple[bytes, bytes]]
"""Opens a message: returns it without its checksum, and the id of its model. See `unsealed`."""


class MessageReader:
    """Reads a message, or a file of packets in any order, in the way of `Reader`.

    Parameters
    ----------
    data : bytes
        The message or the file.
    known : Release, optional
        A model that it may be of, besides the bundled ones.
    unseal : callable, optional
        Opens encrypted messages.

    Attributes
    ----------
    header : Header
        What a file of the same speech would have in its header.
    packets : int
        Number of packets of the message that can be read; 0 for a whole message.
    encrypted : bool
        Whether the message was encrypted.
    skipped, restored_blocks, protecting_bytes, missing_steps, extra_steps, foreign_bytes : int
        0: as `Reader` has them.
    total_samples, damaged_steps, complete, trailing
        As `Reader` has them. A packet alone is a whole recording; of packets in a file those that are not there are
        damaged steps.

    Raises
    ------
    FormatError
        When no packet can be read.
    SottoError
        When it is encrypted and there is no key for it, or its model is not available.
    """

    skipped = restored_blocks = protecting_bytes = missing_steps = extra_steps = foreign_bytes = 0

    def __init__(self, data: bytes, *, known: Release | None = None, unseal: Unseal | None = None) -> None:
        packets = list(packets_of(data))
        self.encrypted = any(map(is_encrypted, packets))
        found, lost, failure = _readable(packets, unseal)
        if not found:
            raise failure or FormatError("there is no message in it", "get it again")
        first, identity, _ = found[0]
        alone = len(packets) == 1
        self._messages = [(_alone(first), found[0][2])] if alone else _parts_of(first, identity, found)
        self._total = first.part.total if first.part and not alone else first.steps
        self.packets = len(self._messages) if first.part else 0
        last, _ = self._messages[-1]
        self.complete = (last.part.first if last.part else 0) + last.steps == self._total
        whole = sum(one.steps for one, _ in self._messages) == self._total
        self.trailing = len(self._messages) < len(found) or (whole and lost > 0)
        self.damaged_steps = 0
        self.total_samples: int | None = None
        self.header = _header(first, by_id(identity, known), identity, self._total)

    def blocks(
        self, widths: Iterable[int], *, step: int, block_steps: int = BLOCK_STEPS, coder: ContextCoder | None = None
    ) -> Iterator[CodeBlock]:
        """Iterate over the packets; what is not there comes as damaged blocks.

        Parameters
        ----------
        widths : iterable of int
            Not used: as `Reader.blocks` has them.
        step : int
            Samples of a step.
        block_steps : int
            Most steps of a damaged block.
        coder : ContextCoder
            What decodes the payloads.

        Yields
        ------
        CodeBlock
        """
        if coder is None:
            raise FormatError("entropy coded, without a context model to read it", "name the model that made it")
        place = 0
        for message, size in self._messages:
            first = message.part.first if message.part else 0
            yield from self._damaged(first - place, block_steps)
            yield CodeBlock(message.steps, partial(_codes, coder, message), None, size)
            place = first + message.steps
        yield from self._damaged(self._total - place, block_steps)
        self.total_samples = self._total * step

    def another(self) -> None:
        """Return None: nothing follows a message."""

    def _damaged(self, count: int, block_steps: int) -> Iterator[CodeBlock]:
        self.damaged_steps += count
        for start in range(0, count, block_steps):
            yield CodeBlock(min(block_steps, count - start), None)


AnyReader: TypeAlias = Reader | MessageReader


def open_reader(stream: BinaryIO, *, known: Release | None = None, unseal: Unseal | None = None) -> AnyReader:
    """Return a reader of a file or of a message, whichever a stream begins with.

    Parameters
    ----------
    stream : file-like
        Anything with ``read``.
    known : Release, optional
        A model that a message may be of, besides the bundled ones.
    unseal : callable, optional
        Opens encrypted messages.

    Raises
    ------
    FormatError, SottoError
        When it can be read as neither.
    """
    source = Source(stream)
    if not is_message(source.upto(1)):
        return Reader(source)
    data = source.upto(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            raise FormatError("too long for a message", "give a file that `sotto encode` wrote")
        return MessageReader(data, known=known, unseal=unseal)
    except FormatError:
        try:
            return Reader(source)  # the damaged header of a protected file may begin like a message
        except FormatError:
            pass
        raise


def _readable(
    packets: Iterable[bytes], unseal: Unseal | None
) -> tuple[list[tuple[Message, bytes, int]], int, FormatError | SottoError | None]:
    """Return the packets that can be read with the id of the model and the size of each, how many can't, and why."""
    found, lost = [], 0
    failure: FormatError | SottoError | None = None
    for packet in packets:
        try:
            body, model = _opened(packet, unseal)
            found.append((Message.parse(body), model, len(packet)))
        except (FormatError, SottoError) as error:
            lost, failure = lost + 1, failure or error
    return found, lost, failure


def _opened(packet: bytes, unseal: Unseal | None) -> tuple[bytes, bytes]:
    if not is_encrypted(packet):
        return unsealed(packet, _ids_of)
    if unseal is None:
        raise SottoError("the message is encrypted", "give its key with --key FILE")
    return unseal(packet, _ids_of)


def _ids_of(body: bytes) -> list[bytes]:
    """Return the ids of the models that a message may be of."""
    stated = stated_model(body)
    if stated is not None:
        return [stated]
    model = by_name("default")
    return [model.id, *model.previous_ids]


def _alone(message: Message) -> Message:
    return Message(**{name: getattr(message, name) for name in message.__slots__} | {"part": None})


def _parts_of(first: Message, identity: bytes, found: list[tuple[Message, bytes, int]]) -> list[tuple[Message, int]]:
    """Return the packets of the first one's message in their order, without copies."""
    if not first.part:
        return [(first, found[0][2])]
    kind = _kind(first, first.part, identity)
    parts = [
        (one.part.first, one, size) for one, model, size in found if one.part and _kind(one, one.part, model) == kind
    ]
    kept: list[tuple[Message, int]] = []
    place = 0
    for start, one, size in sorted(parts, key=lambda part: part[0]):
        if start >= place:
            kept.append((one, size))
            place = start + one.steps
    return kept


def _kind(message: Message, part: Part, model: bytes) -> tuple:
    """Return what packets of the same message have in common."""
    return part.message, part.total, message.mode, message.preset, model, message.level, message.speaker


def _header(message: Message, model: Release, identity: bytes, steps: int) -> Header:
    return Header(
        model=identity,
        preset=message.preset_index,
        samples=steps * model.step,
        rate=model.sample_rate,
        channels=1,
        level=level_of_message(message.level),
        speaker=model.whole_speaker(message.speaker),
        coded=True,
        dtx=message.dtx,
    )


def _codes(coder: ContextCoder, message: Message) -> Codes:
    coder.reset()
    return (
        coder.decode_dtx(message.payload, message.steps)[0]
        if message.dtx
        else coder.decode(message.payload, message.steps)
    )
