"""sotto send."""

from collections.abc import Iterable
from contextlib import ExitStack
from threading import Event
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.meters import in_words, level_bar, meters
from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.live.datagrams import MOST_COPIES
from sottovoce.codec.live.realtime_files import paced
from sottovoce.codec.live.sender import Sender
from sottovoce.codec.live.sound_card import AudioBlock, Capture
from sottovoce.codec.live.udp import UdpSender, parse_address
from sottovoce.codec.stream import StreamEncoder


@click.command("send")
@click.argument("address", metavar="HOST:PORT")
@click.argument("recording", required=False, type=click.Path(allow_dash=True))
@options.microphone
@options.preset
@options.model
@options.packet
@click.option(
    "--redundancy",
    default=0,
    show_default=True,
    type=click.IntRange(0, MOST_COPIES),
    help="Earlier packets that each datagram brings once more. `receive --buffer` should be their length and 20 ms.",
)
@options.as_json
@options.quiet
def command(
    address: str,
    recording: str | None,
    microphone: str | None,
    preset: str,
    model: str,
    packet: str,
    redundancy: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Send the microphone, or a RECORDING in real time, over UDP to where `sotto receive` listens. Ctrl-C ends it.

    It isn't encrypted, and whoever knows the address can speak to it: on networks of others, send it through a tunnel.
    """
    console = Console(quiet=quiet, as_json=as_json)
    host, port = parse_address(address)
    codec = Codec.load(model=model, preset=preset)
    encoder = StreamEncoder(codec.model, codec.preset, steps=options.steps(packet, codec.model))
    with ExitStack() as open_things:
        blocks: Iterable[AudioBlock]
        if recording:
            blocks = paced(open_things.enter_context(open_sound(recording, codec.sample_rate)), codec.sample_rate)
        else:
            blocks = open_things.enter_context(Capture(microphone, codec.sample_rate))
        sender = UdpSender(host, port, encoder.header, int(packet) / 1000, redundancy)
        open_things.callback(sender.close)
        talker = Sender(encoder, codec.sample_rate, sender.send)

        def talk(stop: Event) -> None:
            for block in blocks:
                if stop.is_set():
                    break
                talker.hear(block)
            talker.finish()

        def facts() -> dict[str, Any]:
            heard = talker.heard
            return {
                "seconds": heard,
                "bit_rate": 8 * talker.bytes / heard if heard else 0.0,
                "encode": talker.busy / heard if heard else 0.0,
                "overflows": blocks.overflows if isinstance(blocks, Capture) else None,
            }

        show = open_things.enter_context(meters(quiet=quiet))

        def show_all() -> None:
            show(f"{level_bar(talker.peak)} {in_words(facts())}")
            talker.peak = 0.0

        run_until_stopped([talk], show_all, lambda: console.note(f"sending to {address}; Ctrl-C ends it"))
        said = facts()
    console.result(in_words(said))
    console.document(said)
