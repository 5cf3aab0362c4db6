"""sotto send."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import Ending, run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.meters import OneWarning, level_bar, meter_line, meters, print_meters, ratio
from sottovoce.codec import Codec
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.live.datagrams import MAX_REDUNDANCY
from sottovoce.codec.live.realtime_files import paced
from sottovoce.codec.live.sender import Sender
from sottovoce.codec.live.sound_card import INVALID_SAMPLES, AudioBlock, Capture
from sottovoce.codec.live.udp import UdpSender, parse_address
from sottovoce.codec.stream import StreamEncoder

Source = Capture | Iterator[AudioBlock]

UNREACHABLE = "the network can't be reached; packets are lost, sending goes on"


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
    type=click.IntRange(0, MAX_REDUNDANCY),
    help="Repeat the last N packets in every datagram. Set `receive --buffer` to N × --packet + 20.",
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
) -> int:
    """Send the microphone, or a RECORDING in real time, over UDP to `sotto receive`. Ctrl-C ends it.

    It isn't encrypted or authenticated: on networks that you don't trust, send it through a tunnel.
    """
    console = Console(quiet=quiet, as_json=as_json)
    host, port = parse_address(address)
    codec = Codec.load(model=model, preset=preset)
    encoder = StreamEncoder(codec.model, codec.preset, steps=options.steps(packet, codec.model))
    with ExitStack() as stack:
        source = _source(recording, microphone, codec.sample_rate, stack)
        udp = UdpSender(host, port, encoder.header, int(packet) / 1000, redundancy)
        stack.callback(udp.close)
        sender = Sender(encoder, codec.sample_rate, udp.send)
        ending = _run(source, sender, udp, address, console)
    print_meters(_meters(sender, udp, source), console)
    return ending.result()


def _run(source: Source, sender: Sender, udp: UdpSender, address: str, console: Console) -> Ending:
    warn = OneWarning(console.warn)
    with meters(quiet=console.quiet) as show:

        def refresh() -> None:
            warn(isinstance(udp.last_error, ConnectionError), address, "nobody receives there yet; sending goes on")
            warn(udp.last_error and not isinstance(udp.last_error, ConnectionError), address, UNREACHABLE)
            warn(isinstance(source, Capture) and source.invalid, "the microphone", INVALID_SAMPLES)
            show(f"{level_bar(sender.peak)} {meter_line(_meters(sender, udp, source))}")
            sender.peak = 0.0

        begun = partial(console.note, f"sending to {address}; Ctrl-C ends it")
        return run_until_stopped([lambda stop: _send(source, sender, stop)], refresh, begun)


def _source(recording: str | None, microphone: str | None, rate: int, stack: ExitStack) -> Source:
    if recording:
        return paced(stack.enter_context(open_sound(recording, rate)), rate)
    return stack.enter_context(Capture(microphone, rate))


def _send(source: Source, sender: Sender, stop: Event) -> None:
    try:
        for block in source.blocks(stop) if isinstance(source, Capture) else source:
            if stop.is_set():
                break
            sender.push(block)
    finally:
        sender.finish()


def _meters(sender: Sender, udp: UdpSender, source: Source) -> dict[str, Any]:
    return {
        "seconds": sender.seconds,
        "bit_rate": ratio(8 * sender.bytes, sender.seconds),
        "encode_rtf": ratio(sender.encode_seconds, sender.seconds),
        "unsent": udp.unsent or None,
        "overflows": source.overflows if isinstance(source, Capture) else None,
    }
