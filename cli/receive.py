"""sotto receive."""

from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.meters import meter_line, meters, print_meters, ratio
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import writing
from sottovoce.codec.live.player import MARGIN, Player
from sottovoce.codec.live.realtime_files import PacedAudioOutput
from sottovoce.codec.live.sound_card import Playback
from sottovoce.codec.live.udp import UdpReceiver, parse_address

RATE = 16000
"""Sample rate of the output, Hz."""

POLL_SECONDS = 0.003
"""Longest wait for a datagram, seconds."""


@click.command("receive")
@click.argument("address", metavar="[HOST:]PORT")
@click.option("-o", "--output", metavar="FILE", type=click.Path(allow_dash=True), help="WAV instead of a loudspeaker.")
@options.loudspeaker
@options.jitter_buffer_ms(60.0)
@options.force
@options.as_json
@options.quiet
def command(
    address: str,
    output: str | None,
    loudspeaker: str | None,
    jitter_buffer_ms: float,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Play what `sotto send` sends to this UDP port of all addresses of this machine, or of HOST. Ctrl-C ends it.

    A FILE is written with what a loudspeaker would have played, until the sender ends the stream.
    """
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    host, port = parse_address(address, host_required=False)
    lead = MARGIN + jitter_buffer_ms / 1000
    with ExitStack() as stack:
        played = _output(output, loudspeaker, lead, stack, force=force)
        receiver = UdpReceiver(host, port, lambda decoder: Player(decoder, played))
        stack.callback(receiver.close)

        with meters(quiet=quiet) as show:
            ending = run_until_stopped(
                [partial(_receive, receiver, once=bool(output))],
                lambda: show(meter_line(_meters(receiver, played))),
                partial(console.note, f"listening at port {receiver.port}; Ctrl-C ends it"),
            )
        print_meters(_meters(receiver, played), console)
        return ending.result()


def _receive(receiver: UdpReceiver, stop: Event, *, once: bool) -> None:
    """Receive until the event is set, or `once`: to the end of a stream, which is played when the event is set."""
    while not stop.is_set():
        receiver.step(POLL_SECONDS)
        if once and receiver.player and not receiver.active:
            return
    if once:
        receiver.finish()


def _output(
    name: str | None, loudspeaker: str | None, lead: float, stack: ExitStack, *, force: bool
) -> PacedAudioOutput | Playback:
    if not name:
        return stack.enter_context(Playback(loudspeaker, RATE, lead=lead))
    wav = stack.enter_context(WavWriter(stack.enter_context(writing(name, force=force, keep=True)), RATE, None))
    return PacedAudioOutput(wav, RATE, lead=lead)


def _meters(receiver: UdpReceiver, played: PacedAudioOutput | Playback) -> dict[str, Any]:
    player = receiver.player
    if not player or not player.seconds:
        return {"seconds": 0.0}
    return {
        "seconds": player.seconds,
        "bit_rate": ratio(8 * receiver.bytes, player.seconds),
        "decode_rtf": ratio(player.decode_seconds, player.seconds),
        "lost": player.jitter_buffer.lost,
        "late": player.jitter_buffer.late,
        "recovered": player.jitter_buffer.recovered,
        "concealed": player.concealed,
        "underruns": played.underruns,
    }
