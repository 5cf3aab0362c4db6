"""sotto live."""

import queue
import time
from contextlib import ExitStack
from threading import Event
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.meters import in_words, level_bar, meters
from sottovoce.codec import Codec
from sottovoce.codec.live.player import MARGIN, Player
from sottovoce.codec.live.recorder import taking
from sottovoce.codec.live.sender import Sender
from sottovoce.codec.live.simulated_link import Link, LinkSettings
from sottovoce.codec.live.sound_card import Capture, Playback
from sottovoce.codec.stream import StreamDecoder, StreamEncoder

POLL = 0.003
"""Seconds between two looks at the link."""


@click.command("live")
@options.microphone
@options.loudspeaker
@options.preset
@options.model
@options.packet
@options.seed
@click.option("--loss", default=0.0, show_default=True, type=click.FloatRange(0, 99), help="% of packets lost.")
@click.option("--burst", default=1.0, show_default=True, type=click.FloatRange(1), help="Lost in a row, on average.")
@click.option("--delay", default=0.0, show_default=True, type=click.FloatRange(0, 10_000), help="Of the link, ms.")
@click.option("--jitter", default=0.0, show_default=True, type=click.FloatRange(0, 10_000), help="More, at times, ms.")
@click.option("--rate", type=click.FloatRange(1), help="Bit/s that go through the link. [any]")
@options.patience(5.0)
@click.option("--record", metavar="DIR", help="Keep input.wav, stream.sotto and output.wav there.")
@options.force
@options.as_json
@options.quiet
def command(
    microphone: str | None,
    loudspeaker: str | None,
    preset: str,
    model: str,
    packet: str,
    seed: int,
    loss: float,
    burst: float,
    delay: float,
    jitter: float,
    rate: float | None,
    patience: float,
    record: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Hear yourself through the codec: microphone, encoder, a link as bad as you like, decoder, loudspeaker.

    Use headphones, or it howls. Ctrl-C ends it. Level and voice are learnt while you speak.
    """
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    codec = Codec.load(model=model, preset=preset)
    encoder = StreamEncoder(codec.model, codec.preset, steps=options.steps(packet, codec.model))
    decoder = StreamDecoder(encoder.header, seed=seed, known=codec.model)
    link = Link(LinkSettings(loss / 100, burst, delay / 1000, jitter / 1000, rate), seed)
    sent: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    lead = MARGIN + patience / 1000
    with ExitStack() as open_things:
        take = record and open_things.enter_context(taking(record, encoder, codec.sample_rate, force=force))
        playback = open_things.enter_context(Playback(loudspeaker, codec.sample_rate, lead=lead))
        capture = open_things.enter_context(Capture(microphone, codec.sample_rate))
        listener = Player(decoder, playback, take.heard) if take else Player(decoder, playback)

        def send(number: int, packed: bytes) -> None:
            sent.put((number, packed))
            if take:
                take.sent(packed)

        talker = Sender(encoder, codec.sample_rate, send)

        def talk(stop: Event) -> None:
            for block in capture:
                if stop.is_set():
                    break
                talker.hear(block)
                if take:
                    take.said(block.wave)
            talker.finish()

        def listen(stop: Event) -> None:
            while not stop.wait(POLL):
                now = time.perf_counter()
                while not sent.empty():
                    link.send(*sent.get(), now)
                for number, packed in link.arrived(now):
                    listener.put(number, packed)
                listener.pump()

        def facts() -> dict[str, Any]:
            played = playback.played
            return {
                "seconds": talker.heard,
                "bit_rate": 8 * talker.bytes / talker.heard if talker.heard else 0.0,
                "encode": talker.busy / talker.heard if talker.heard else 0.0,
                "decode": listener.busy / listener.decoded if listener.decoded else 0.0,
                "latency": 1000 * (played.time - talker.time_of(played.sample)) if played else None,
                "lost": listener.playout.lost,
                "concealed": listener.concealed,
                "underruns": playback.underruns,
                "overflows": capture.overflows,
            }

        show = open_things.enter_context(meters(quiet=quiet))

        def show_all() -> None:
            show(f"{level_bar(talker.peak)} {in_words(facts())}")
            talker.peak = 0.0

        run_until_stopped([talk, listen], show_all, lambda: console.note("speak; Ctrl-C ends it"))
        said = facts()
    console.result(in_words(said))
    console.document(said)
