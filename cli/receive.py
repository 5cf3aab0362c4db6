"""sotto receive."""

from contextlib import ExitStack
from threading import Event
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.meters import in_words, meters
from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.io.files import writing
from sottovoce.codec.live.player import MARGIN, Player
from sottovoce.codec.live.realtime_files import PacedAudioOutput
from sottovoce.codec.live.sound_card import Playback
from sottovoce.codec.live.udp import UdpReceiver, parse_address
from sottovoce.codec.stream import StreamDecoder

RATE = 16000
POLL = 0.003
"""Seconds to wait for a datagram before looking at what is due."""


@click.command("receive")
@click.argument("address", metavar="[HOST:]PORT")
@click.option("-o", "--output", metavar="FILE", type=click.Path(allow_dash=True), help="WAV instead of a loudspeaker.")
@options.loudspeaker
@options.patience(60.0)
@options.force
@options.as_json
@options.quiet
def command(
    address: str,
    output: str | None,
    loudspeaker: str | None,
    patience: float,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Play what `sotto send` sends to this UDP port, on all networks or on that of HOST. Ctrl-C ends it.

    Into a FILE goes what a loudspeaker would have played, until the sender says goodbye.
    """
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    host, port = parse_address(address, "0.0.0.0")
    lead = MARGIN + patience / 1000
    with ExitStack() as open_things:
        played: PacedAudioOutput | Playback
        if output:
            file = open_things.enter_context(writing(output, force=force, keep=True))
            wav = open_things.enter_context(WavWriter(file, RATE, None))
            played = PacedAudioOutput(wav, RATE, lead=lead)
        else:
            played = open_things.enter_context(Playback(loudspeaker, RATE, lead=lead))

        def listen(decoder: StreamDecoder) -> Player:
            return Player(decoder, played)

        receiver = UdpReceiver(host, port, listen)
        open_things.callback(receiver.close)

        def work(stop: Event) -> None:
            while not stop.is_set():
                receiver.step(POLL)
                if output and receiver.listener and not receiver.speaking:
                    break

        def facts() -> dict[str, Any]:
            listener = receiver.listener
            if not listener or not listener.decoded:
                return {"seconds": 0.0}
            return {
                "seconds": listener.decoded,
                "bit_rate": 8 * receiver.bytes / listener.decoded,
                "decode": listener.busy / listener.decoded,
                "lost": listener.playout.lost,
                "late": listener.playout.late,
                "recovered": listener.playout.recovered,
                "concealed": listener.concealed,
                "underruns": played.underruns,
            }

        show = open_things.enter_context(meters(quiet=quiet))
        listening = f"listening at port {receiver.port}; Ctrl-C ends it"
        run_until_stopped([work], lambda: show(in_words(facts())), lambda: console.note(listening))
        said = facts()
    console.result(in_words(said))
    console.document(said)
