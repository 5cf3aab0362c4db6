"""A microphone through encoder, simulated link and decoder to a loudspeaker of the same machine."""

import queue
import time
from threading import Event
from typing import Any

from sottovoce.codec.live.player import Player
from sottovoce.codec.live.recorder import Recorder
from sottovoce.codec.live.sender import Sender
from sottovoce.codec.live.simulated_link import Link
from sottovoce.codec.live.sound_card import Capture, Playback
from sottovoce.codec.stream import StreamDecoder, StreamEncoder

POLL_SECONDS = 0.003
"""Seconds between two looks at the link."""


class Loopback:
    """Connects a microphone to a loudspeaker.

    Parameters
    ----------
    encoder, decoder : StreamEncoder, StreamDecoder
        Of one stream.
    link : Link
        Between them.
    capture, playback : Capture, Playback
        Open devices.
    recorder : Recorder or None
        Records all three signals.
    """

    def __init__(
        self,
        encoder: StreamEncoder,
        decoder: StreamDecoder,
        link: Link,
        capture: Capture,
        playback: Playback,
        recorder: Recorder | None = None,
    ) -> None:
        self.sender = Sender(encoder, capture.rate, self._send)
        self.player = Player(decoder, playback, recorder.write_output) if recorder else Player(decoder, playback)
        self._link, self._capture, self._playback, self._recorder = link, capture, playback, recorder
        self._packets: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()

    def send(self, stop: Event) -> None:
        """Encode what the microphone captures until the event is set or the device is lost."""
        try:
            for block in self._capture.blocks(stop):
                if self._recorder:
                    self._recorder.write_input(block.wave)
                self.sender.push(block)
        finally:
            self.sender.finish()

    def play(self, stop: Event) -> None:
        """Play what arrives until the event is set."""
        while not stop.wait(POLL_SECONDS):
            now = time.perf_counter()
            while not self._packets.empty():
                self._link.send(*self._packets.get(), now)
            for number, packet in self._link.receive(now):
                self.player.put(number, packet)
            self.player.step()

    def meters(self) -> dict[str, Any]:
        """Return counters and times so far."""
        sender, player, played = self.sender, self.player, self._playback.played
        seconds = sender.seconds or float("inf")
        return {
            "seconds": sender.seconds,
            "bit_rate": 8 * sender.bytes / seconds,
            "encode_rtf": sender.encode_seconds / seconds,
            "decode_rtf": player.decode_seconds / (player.seconds or float("inf")),
            "latency_ms": 1000 * (played.time - sender.time_of(played.sample)) if played else None,
            "lost": player.jitter_buffer.lost,
            "concealed": player.concealed,
            "underruns": self._playback.underruns,
            "overflows": self._capture.overflows,
        }

    def _send(self, number: int, packet: bytes) -> None:
        self._packets.put((number, packet))
        if self._recorder:
            self._recorder.write_packet(packet)
