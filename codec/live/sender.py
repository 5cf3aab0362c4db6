"""From a microphone to packets."""

import time
from collections.abc import Callable

import numpy as np

from sottovoce.codec.live.sound_card import AudioBlock
from sottovoce.codec.stream import StreamEncoder


class Sender:
    """Encodes what a microphone hears.

    Parameters
    ----------
    encoder : StreamEncoder
    rate : int
        Hz of what is heard, the encoder's own.
    send : callable
        Takes the number of a packet, counted from 0, and the packet.

    Attributes
    ----------
    busy, heard : float
        Seconds spent encoding, and seconds of speech heard.
    packets, bytes : int
        Sent so far.
    peak : float
        Largest magnitude heard of late; whoever looks at it sets it to 0.
    """

    def __init__(self, encoder: StreamEncoder, rate: int, send: Callable[[int, bytes], None]) -> None:
        self.busy = self.peak = 0.0
        self.packets = self.bytes = 0
        self._encoder = encoder
        self._rate = rate
        self._send = send
        self._latest = 0, 0.0  # number and time of a sample

    @property
    def heard(self) -> float:
        """Seconds of speech heard."""
        return self._encoder.samples / self._rate

    def hear(self, block: AudioBlock) -> None:
        """Take a block and send what became ready."""
        self._latest = self._encoder.samples, block.time
        self.peak = max(self.peak, float(np.abs(block.wave).max(initial=0)))
        self._timed(lambda: self._encoder.push(block.wave))

    def finish(self) -> None:
        """Send the packets that are still due."""
        self._timed(self._encoder.finish)

    def time_of(self, sample: float) -> float:
        """Return when a sample was heard, on the clock of the blocks."""
        number, when = self._latest
        return when + (sample - number) / self._rate

    def _timed(self, encode: Callable[[], list[bytes]]) -> None:
        start = time.perf_counter()
        packets = encode()
        self.busy += time.perf_counter() - start
        for packet in packets:
            self._send(self.packets, packet)
            self.packets += 1
            self.bytes += len(packet)
