"""Encode recordings to messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from click.core import ParameterSource

from sottovoce.cli.support import options
from sottovoce.cli.support.batch import Done, Outcome, row
from sottovoce.cli.support.failures import as_failure
from sottovoce.cli.support.jobs import Job
from sottovoce.codec import Codec
from sottovoce.codec.bits.message import MOST_STEPS, pack_packets
from sottovoce.codec.encryption import sealer
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.io.files import writing
from sottovoce.codec.io.interruption import InputEnd
from sottovoce.codec.offline.message_encoder import MessageOptions, encode_message
from sottovoce.codec.progress import Tick, no_tick

NUMBER = "%d"
"""What stands in the name of an output for the number of a packet."""


@dataclass(frozen=True)
class MessageRequest:
    """What the options of `sotto encode` say about messages; it travels to worker processes.

    Parameters
    ----------
    mtu, speaker_codes, dtx
        As `MessageOptions` has them.
    key : bytes or None
        Encrypts the messages.
    short_tag : bool
        Whether the tags of encrypted messages are short.
    """

    mtu: int | None
    speaker_codes: int
    dtx: bool
    key: bytes | None
    short_tag: bool

    @property
    def options(self) -> MessageOptions:
        """The options of the encoder."""
        return MessageOptions(self.mtu, self.speaker_codes, self.dtx, sealer(self.key, short_tag=self.short_tag))


def check_message_options(*, message: bool, tags: Sequence[str], protect: int) -> None:
    """Refuse options of messages without --message, and with it those that messages have no room for."""
    if message and (tags or protect):
        raise click.UsageError(f"--{'tag' if tags else 'protect'} can't be used with --message")
    if not message:
        context = click.get_current_context()
        for name in ("mtu", "speaker_codes", "key", "short_tag"):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name.replace('_', '-')} needs --message")


def encode_messages(
    jobs: Sequence[Job],
    *,
    preset: str,
    model: str,
    request: MessageRequest,
    force: bool,
    ends: InputEnd | None,
    tick: Tick = no_tick,
) -> list[Outcome]:
    """Encode recordings to messages, each of at most a minute."""
    codec = Codec.load(model=model, preset=preset)
    outcomes: list[Outcome] = []
    for job in jobs:
        try:
            outcomes.append(_encode_one(job, codec, request, force=force, ends=ends))
        except Exception as error:
            outcomes.append(as_failure(error, job.name))
    return outcomes


def _encode_one(job: Job, codec: Codec, request: MessageRequest, *, force: bool, ends: InputEnd | None) -> Done:
    with open_sound(job.source, codec.sample_rate, ends) as sound:
        wave = _start(sound, MOST_STEPS * codec.model.step + 1)
    packets = encode_message(wave, codec.model, codec.preset, request.options)
    if request.mtu and NUMBER in job.target:
        files = {job.target.replace(NUMBER, str(number)): packet for number, packet in enumerate(packets, 1)}
    else:
        files = {job.target: packets[0] if len(packets) == 1 else pack_packets(packets)}
    for name, data in files.items():
        with writing(name, force=force) as sink:
            sink.write(data)
    seconds, size = len(wave) / codec.sample_rate, sum(map(len, files.values()))
    facts: dict[str, Any] = {"seconds": seconds, "bytes": size, "bit_rate": 8 * size / seconds}
    several = "" if len(packets) == 1 else f" {len(packets):4d} packets"
    return Done(row(job.name, **facts, times=several), facts | {"packets": len(packets)}, sound.warnings)


def _start(blocks: Iterable[npt.NDArray[np.float32]], size: int) -> npt.NDArray[np.float32]:
    """Return the first `size` samples of a recording, or as many as there are."""
    read = [np.zeros(0, np.float32)]
    for block in blocks:
        read.append(block[:size])
        size -= len(block)
        if size <= 0:
            break
    return np.concatenate(read)


def message_options(command: Any) -> Any:
    """Give `sotto encode` the options of messages."""
    for option in reversed(
        [
            click.option("--message", is_flag=True, help="Make a message: the fewest bytes, for at most a minute."),
            click.option(
                "--mtu",
                metavar="N",
                type=click.IntRange(16, 1 << 16),
                help="Split a message into packets of at most N bytes. With %d in OUT each is a file.",
            ),
            click.option(
                "--speaker-codes",
                metavar="N",
                default=2,
                show_default=True,
                type=click.IntRange(0, 3),
                help="Bytes of a message for the voice.",
            ),
            options.key,
            click.option("--short-tag", is_flag=True, help="Authenticate an encrypted message by 6 bytes, not by 10."),
        ]
    ):
        command = option(command)
    return command
