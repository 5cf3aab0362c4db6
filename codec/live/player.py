"""From packets to a loudspeaker: order, concealment and decoding, as late as it must be and no later."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sottovoce.codec.live.jitter_buffer import Gap, JitterBuffer
from sottovoce.codec.stream import StreamDecoder

MARGIN = 0.02
"""Seconds of sound left to play at which a missing packet is made up: decoding takes time, and devices take blocks."""


class AudioOutput(Protocol):
    """What plays samples: a loudspeaker, or a file in its place."""

    @property
    def fill(self) -> int:
        """Samples that wait to be played."""

    def write(self, wave: npt.NDArray[np.int16], first: int) -> None:
        """Add samples, of which the first has this number."""


class Player:
    """Plays the packets of a stream.

    Parameters
    ----------
    decoder : StreamDecoder
    output : AudioOutput
        Catches up where too much waits.
    keep : callable
        Is given what is decoded, too.

    Attributes
    ----------
    busy, decoded : float
        Seconds spent decoding, and seconds of speech decoded.
    concealed : int
        Packets made up.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        output: AudioOutput,
        keep: Callable[[npt.NDArray[np.int16]], None] = lambda wave: None,
    ) -> None:
        self.playout = JitterBuffer()
        self.busy = self.decoded = 0.0
        self.concealed = 0
        self._decoder = decoder
        self._output = output
        self._keep = keep
        self._packet = decoder.packet_samples
        self._rate = decoder.sample_rate
        self._samples = 0  # given by the decoder

    def put(self, number: int, *packets: bytes | None) -> None:
        """Take what a datagram brought, as `JitterBuffer.put` does; what is none of this stream is as good as lost."""
        if packets and all(packet is None or self._decoder.fits(packet) for packet in packets):
            self.playout.put(number, *packets)

    def pump(self) -> None:
        """Decode what can and must be decoded now; to be called every few milliseconds."""
        while self._play(due=self._samples > 0 and self._output.fill < MARGIN * self._rate):
            pass

    def _play(self, *, due: bool) -> bool:
        packet = self.playout.take(due=due)
        if packet is Gap.WAIT:
            return False
        self._decode(None if isinstance(packet, Gap) else packet)
        return True

    def _decode(self, packet: bytes | None) -> None:
        start = time.perf_counter()
        wave = self._decoder.push(packet)
        self.busy += time.perf_counter() - start
        self.decoded += self._packet / self._rate
        self.concealed += packet is None
        self._keep(wave)
        first = self._samples - self.playout.shift * self._packet
        self._samples += len(wave)
        if 0 < len(wave) < self._packet:  # the decoder's delay isn't whole packets, so there is less of the first one
            silence = np.zeros(self._packet - len(wave), np.int16)
            wave, first = np.concatenate((silence, wave)), first - len(silence)
        if len(wave):
            self._output.write(wave, first)

    def finish(self) -> None:
        """Play what has arrived, and what the decoder still holds."""
        while self.playout.held and self._play(due=True):
            pass
        rest = self._decoder.finish()
        self._output.write(rest, self._samples - self.playout.shift * self._packet)
