"""From packets to a loudspeaker: order, concealment and decoding, with no more delay than the jitter buffer needs."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sottovoce.codec.live.jitter_buffer import Gap, JitterBuffer
from sottovoce.codec.stream import StreamDecoder

MARGIN = 0.02
"""Seconds left to play at which a missing packet is concealed: decoding takes time, and devices take blocks."""


class AudioOutput(Protocol):
    """What plays samples: a loudspeaker, or a file in its place."""

    @property
    def fill(self) -> int:
        """Number of samples that wait to be played."""

    def start(self, silence: int) -> None:
        """Begin to play: first the jitter buffer's delay, then the given number of silent samples."""

    def write(self, wave: npt.NDArray[np.int16], first: int) -> None:
        """Add samples, of which the first has this number."""


class Player:
    """Plays the packets of a stream.

    Parameters
    ----------
    decoder : StreamDecoder
        Decodes the packets.
    output : AudioOutput
        Plays the samples; it catches up where too many of them wait.
    on_decoded : callable
        Called with all samples that are decoded, int16 [shape=(n,)].

    Attributes
    ----------
    jitter_buffer : JitterBuffer
        Puts the packets in order.
    decode_seconds, seconds : float
        Time spent on decoding, and duration of the decoded speech.
    concealed : int
        Number of packets that were concealed.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        output: AudioOutput,
        on_decoded: Callable[[npt.NDArray[np.int16]], None] = lambda wave: None,
    ) -> None:
        self.jitter_buffer = JitterBuffer()
        self.decode_seconds = self.seconds = 0.0
        self.concealed = 0
        self._decoder = decoder
        self._output = output
        self._on_decoded = on_decoded
        self._packet = decoder.packet_samples
        self._rate = decoder.sample_rate
        self._started = False
        self._samples = 0  # decoded so far

    def put(self, number: int, *packets: bytes | None) -> None:
        """Add the packets of a datagram, as `JitterBuffer.put` does; those that don't fit the stream count as lost."""
        if packets and all(packet is None or self._decoder.fits(packet) for packet in packets):
            self.jitter_buffer.put(number, *packets)

    def step(self) -> None:
        """Decode what can and must be decoded now; to be called every few milliseconds."""
        while self._play(due=self._started and self._output.fill < MARGIN * self._rate):
            pass

    def _play(self, *, due: bool) -> bool:
        packet = self.jitter_buffer.get(due=due)
        if packet is Gap.WAIT:
            return False
        self._decode(None if isinstance(packet, Gap) else packet)
        return True

    def _decode(self, packet: bytes | None) -> None:
        start = time.perf_counter()
        wave = self._decoder.push(packet)
        self.decode_seconds += time.perf_counter() - start
        self.seconds += self._packet / self._rate
        self.concealed += packet is None
        self._on_decoded(wave)
        first = self._samples - self.jitter_buffer.shift * self._packet
        self._samples += len(wave)
        if not self._started and not len(wave):
            # The decoder's delay takes all of the first packet. The clock runs from here on all the same: if the next
            # packet is lost, it is concealed when the jitter buffer has run out.
            self._output.start(self._packet)
        self._started = True
        if 0 < len(wave) < self._packet:  # the delay isn't a whole number of packets, so this output is short
            silence = np.zeros(self._packet - len(wave), np.int16)
            wave, first = np.concatenate((silence, wave)), first - len(silence)
        if len(wave):
            self._output.write(wave, first)

    def finish(self) -> None:
        """Play what has arrived, and what is still due from the decoder."""
        while self.jitter_buffer.buffered and self._play(due=True):
            pass
        rest = self._decoder.finish()
        self._output.write(rest, self._samples - self.jitter_buffer.shift * self._packet)
