"""sotto live."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from functools import partial, wraps
from typing import Any

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.background import Ending, run_until_stopped
from sottovoce.cli.support.console import Console
from sottovoce.cli.support.kernel import chosen_kernel
from sottovoce.cli.support.meters import OneWarning, level_bar, meter_line, meters, print_meters
from sottovoce.codec import Codec
from sottovoce.codec.live.loopback import Loopback
from sottovoce.codec.live.player import MARGIN
from sottovoce.codec.live.recorder import recording_to
from sottovoce.codec.live.simulated_link import Link, LinkSettings
from sottovoce.codec.live.sound_card import INVALID_SAMPLES, Capture, Playback
from sottovoce.codec.stream import StreamDecoder, StreamEncoder


def _link(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a simulated link; it is called with its `link`."""

    @wraps(command)
    def with_link(*, loss: float, burst: float, delay: float, jitter: float, rate: float | None, **given: Any) -> Any:
        return command(link=LinkSettings(loss / 100, burst, delay / 1000, jitter / 1000, rate), **given)

    share, times, milliseconds = click.FloatRange(0, 99), click.FloatRange(1), click.FloatRange(0, 10_000)
    option = partial(click.option, default=0.0, show_default=True)
    for add in (
        click.option("--rate", type=click.FloatRange(1), help="Capacity of the link, bit/s. [unlimited]"),
        option("--jitter", type=milliseconds, help="Random extra delay, up to this, ms."),
        option("--delay", type=milliseconds, help="Fixed delay, ms."),
        option("--burst", default=1.0, type=times, help="Packets lost in a row, on average."),
        option("--loss", type=share, help="% of packets lost."),
    ):
        with_link = add(with_link)
    return with_link


@click.command("live")
@options.microphone
@options.loudspeaker
@options.preset
@options.model
@options.packet
@options.seed
@_link
@options.jitter_buffer_ms(5.0)
@click.option("--record", metavar="DIR", help="Record input.wav, stream.sotto and output.wav to this folder.")
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
    link: LinkSettings,
    jitter_buffer_ms: float,
    record: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Hear yourself through the codec: microphone, encoder, simulated link, decoder, loudspeaker.

    Use headphones to avoid feedback. Ctrl-C ends it. The codec adapts to your level and voice while you speak.
    """
    console = Console(quiet=quiet, as_json=as_json)
    chosen_kernel(console)
    codec = Codec.load(model=model, preset=preset)
    encoder = StreamEncoder(codec.model, codec.preset, steps=options.steps(packet, codec.model))
    decoder = StreamDecoder(encoder.header, seed=seed, known=codec.model)
    with ExitStack() as stack:
        recording = recording_to(record, encoder, codec.sample_rate, force=force) if record else nullcontext()
        recorder = stack.enter_context(recording)
        lead = MARGIN + jitter_buffer_ms / 1000
        playback = stack.enter_context(Playback(loudspeaker, codec.sample_rate, lead=lead))
        capture = stack.enter_context(Capture(microphone, codec.sample_rate))
        loopback = Loopback(encoder, decoder, Link(link, seed), capture, playback, recorder)
        ending = _run(loopback, capture, console)
        print_meters(loopback.meters(), console)
        return ending.result()


def _run(loopback: Loopback, capture: Capture, console: Console) -> Ending:
    warn = OneWarning(console.warn)
    with meters(quiet=console.quiet) as show:

        def refresh() -> None:
            warn(capture.invalid, str(capture.device), INVALID_SAMPLES)
            show(f"{level_bar(loopback.sender.peak)} {meter_line(loopback.meters())}")
            loopback.sender.peak = 0.0

        begun = partial(console.note, "speak; Ctrl-C ends it")
        return run_until_stopped([loopback.send, loopback.play], refresh, begun)
