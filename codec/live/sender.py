"""From a microphone to packets."""

import time
from collections.abc import Callable

import numpy as np

from sottovoce.codec.live.sound_card import AudioBlock
from sottovoce.codec.stream import StreamEncoder


class Sender:
    """Encodes blocks of a microphone and sends the packets.

    Parameters
    ----------
    encoder : StreamEncoder
        Encodes the samples.
    rate : int
        Sample rate of the blocks and the encoder, Hz.
    send : callable
        Called with the number of a packet, counted from 0, and the packet.

    Attributes
    ----------
    encode_seconds : float
        Time spent on encoding.
    packets, bytes : int
        Sent so far.
    peak : float
        Largest magnitude since the caller last set it to 0.
    """

    def __init__(self, encoder: StreamEncoder, rate: int, send: Callable[[int, bytes], None]) -> None:
        self.encode_seconds = self.peak = 0.0
        self.packets = self.bytes = 0
        self._encoder = encoder
        self._rate = rate
        self._send = send
        self._latest = 0, 0.0  # number and time of a sample

    @property
    def seconds(self) -> float:
        """Duration of the speech encoded so far."""
        return self._encoder.samples / self._rate

    def push(self, block: AudioBlock) -> None:
        """Encode a block and send the packets that are complete."""
        self._latest = self._encoder.samples, block.time
        self.peak = max(self.peak, float(np.abs(block.wave).max(initial=0)))
        self._encode(lambda: self._encoder.push(block.wave))

    def finish(self) -> None:
        """Send the packets that are still due."""
        self._encode(self._encoder.finish)

    def time_of(self, sample: float) -> float:
        """Return the time at which a sample was captured, on the clock of the blocks."""
        number, when = self._latest
        return when + (sample - number) / self._rate

    def _encode(self, encode: Callable[[], list[bytes]]) -> None:
        start = time.perf_counter()
        packets = encode()
        self.encode_seconds += time.perf_counter() - start
        for packet in packets:
            self._send(self.packets, packet)
            self.packets += 1
            self.bytes += len(packet)
