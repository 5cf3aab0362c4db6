"""The microphone and the loudspeaker as mono samples at one rate, with the time of each."""

import queue
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sottovoce.codec.live.catch_up import CatchUp
from sottovoce.codec.live.portaudio import BLOCK, Bridge, PortAudioStream, Wave
from sottovoce.codec.live.ring_buffer import RingBuffer

HELD = 2.0
"""Seconds that wait between a device and a program, at most."""


class AudioBlock(NamedTuple):
    """What a microphone heard.

    Attributes
    ----------
    wave : float32 [samples]
        Full scale 1.
    time : float
        Seconds of `time.perf_counter` at which its first sample was heard.
    """

    wave: Wave
    time: float


class PlaybackTime(NamedTuple):
    """When a loudspeaker plays a sample.

    Attributes
    ----------
    sample : float
        Its number; the n-th after it is played n / rate seconds later.
    time : float
        Seconds of `time.perf_counter`.
    """

    sample: float
    time: float


class Capture(PortAudioStream):
    """A microphone, read inside ``with``. Its parameters and errors are those of `PortAudioStream`.

    Attributes
    ----------
    overflows : int
        How many blocks were lost, because nobody read or the machine was too slow.
    """

    side = "input"

    def __init__(self, device: str | int | None = None, rate: int = 16000) -> None:
        self.overflows = 0
        self._blocks: queue.SimpleQueue[AudioBlock] = queue.SimpleQueue()
        super().__init__(device, rate)
        self._bridge = Bridge(self.device_rate, rate)

    def read(self) -> AudioBlock:
        """Wait for samples and return them."""
        while True:
            try:
                wave, when = self._blocks.get(timeout=0.1)
            except queue.Empty:
                self.check()
                continue
            ready, late = self._bridge.push(wave)
            if len(ready):
                return AudioBlock(ready, when - late)

    def __iter__(self) -> Iterator[AudioBlock]:
        while True:
            yield self.read()

    def called(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Queue what was heard."""
        full = self._blocks.qsize() >= HELD / BLOCK
        self.overflows += full or status.input_overflow
        if not full:
            self._blocks.put(
                AudioBlock(data[:, 0].copy(), now - self.away(times.currentTime - times.inputBufferAdcTime))
            )


class Playback(PortAudioStream):
    """A loudspeaker, written to inside ``with``. Its other parameters and its errors are those of `PortAudioStream`.

    Where samples come too late there is silence, faded in and out, and all that follow are played later by as much.
    Where more of them than `lead` have been waiting for some time, a few are left out.

    Parameters
    ----------
    lead : float
        Seconds of silence before the first sample: by so much later ones may be late.

    Attributes
    ----------
    played : PlaybackTime or None
        A sample that was just handed to the device, and when it is heard; None before the first.
    """

    side = "output"

    def __init__(self, device: str | int | None = None, rate: int = 16000, *, lead: float = 0.02) -> None:
        self.played: PlaybackTime | None = None
        self._lead = lead
        self._lapses = 0
        self._end = 0
        super().__init__(device, rate)
        self._bridge = Bridge(rate, self.device_rate)
        self._ring = RingBuffer(self.device_rate, rate / self.device_rate)
        self._trim = CatchUp(lead * rate, rate)

    @property
    def fill(self) -> int:
        """How many samples at `rate` wait to be handed to the device."""
        return round(self._ring.fill * self.rate / self.device_rate)

    @property
    def underruns(self) -> int:
        """How often there was nothing to play, from the first sample to `finish`."""
        return self._ring.underruns + self._lapses

    def write(self, wave: npt.NDArray[np.int16] | Wave, first: int) -> None:
        """Add samples to be played.

        Parameters
        ----------
        wave : int16 or float32 [samples]
            At `rate`; where two seconds wait already, this waits too.
        first : int
            Number of the first of them.
        """
        self.check()
        while self._ring.fill > HELD * self.device_rate:
            time.sleep(BLOCK)
            self.check()
        if self._lead:
            silence = round(self._lead * self.device_rate)
            self._ring.write(np.zeros(silence, np.float32), first - self._lead * self.rate)
            self._lead = 0.0
        scale = 1 << 15 if wave.dtype == np.int16 else 1
        kept = self._trim.push(wave.astype(np.float32) / np.float32(scale), self.fill)
        ready, late = self._bridge.push(kept)
        self._end = first + len(wave)
        self._ring.write(ready, self._end - len(kept) - late * self.rate)

    def finish(self) -> None:
        """Wait until all has been played."""
        rest, late = self._bridge.finish()
        self._ring.write(rest, self._end - late * self.rate)
        self._ring.finished = True
        while self._ring.fill:
            time.sleep(BLOCK)
            self.check()
        time.sleep(self.latency)

    def called(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Play what waits."""
        data[:, 0], sample = self._ring.take(frames)
        if sample is not None:
            self.played = PlaybackTime(sample, now + self.away(times.outputBufferDacTime - times.currentTime))
        if self.played:
            self._lapses += status.output_underflow
