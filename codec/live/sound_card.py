"""The microphone and the loudspeaker as mono samples at one rate, with the time of each."""

import queue
import time
from collections.abc import Iterator
from threading import Event
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sottovoce.codec.live.catch_up import CatchUp
from sottovoce.codec.live.portaudio import BLOCK, PortAudioStream, TimedResampler, Wave
from sottovoce.codec.live.ring_buffer import RingBuffer

MAX_BUFFERED_SECONDS = 2.0
"""Largest duration that waits between a device and a program, seconds."""

INVALID_SAMPLES = "some samples are not finite numbers; they are replaced by silence"
"""Warning about a microphone with `Capture.invalid` samples."""


class AudioBlock(NamedTuple):
    """Samples of a microphone.

    Attributes
    ----------
    wave : float32 [samples]
        Full scale 1.
    time : float
        Seconds of `time.perf_counter` at which its first sample was captured.
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
        Number of blocks that were lost because they weren't read in time.
    invalid : int
        Number of samples that were not finite; they are replaced by 0.
    """

    side = "input"

    def __init__(self, device: str | int | None = None, rate: int = 16000) -> None:
        self.overflows = self.invalid = 0
        self._blocks: queue.SimpleQueue[AudioBlock] = queue.SimpleQueue()
        super().__init__(device, rate)
        self._resampler = TimedResampler(self.device_rate, rate)

    def read(self) -> AudioBlock:
        """Wait for samples and return them."""
        while not (block := self._next()):
            pass
        return block

    def blocks(self, stop: Event) -> Iterator[AudioBlock]:
        """Yield blocks until the event is set, however long the device waits with the next one."""
        while not stop.is_set():
            if block := self._next():
                yield block

    def _next(self) -> AudioBlock | None:
        try:
            wave, when = self._blocks.get(timeout=0.1)
        except queue.Empty:
            self.check()
            return None
        finite = np.isfinite(wave)
        self.invalid += len(wave) - int(finite.sum())
        ready, late = self._resampler.push(np.where(finite, wave, np.float32(0)))
        return AudioBlock(ready, when - late) if len(ready) else None

    def process(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Queue the samples of the device."""
        full = self._blocks.qsize() >= MAX_BUFFERED_SECONDS / BLOCK
        self.overflows += full or status.input_overflow
        if not full:
            self._blocks.put(
                AudioBlock(data[:, 0].copy(), now - self.device_delay(times.currentTime - times.inputBufferAdcTime))
            )


class Playback(PortAudioStream):
    """A loudspeaker, written to inside ``with``. Its other parameters and its errors are those of `PortAudioStream`.

    Where samples come too late, silence is played, faded in and out, and all later samples are delayed by as much.
    Where more samples than `lead` have been waiting for some time, a few are left out.

    Parameters
    ----------
    lead : float
        Seconds of silence before the first sample: the largest delay of later ones that isn't audible.

    Attributes
    ----------
    played : PlaybackTime or None
        A sample that was just given to the device, and when it is played; None before the first.
    """

    side = "output"

    def __init__(self, device: str | int | None = None, rate: int = 16000, *, lead: float = 0.02) -> None:
        self.played: PlaybackTime | None = None
        self._lead = lead
        self._started = False
        self._lapses = 0
        self._end = 0
        super().__init__(device, rate)
        self._resampler = TimedResampler(rate, self.device_rate)
        self._ring = RingBuffer(self.device_rate, rate / self.device_rate)
        self._catch_up = CatchUp(lead * rate, rate)

    @property
    def fill(self) -> int:
        """Number of samples at `rate` that wait to be given to the device."""
        return round(self._ring.fill * self.rate / self.device_rate)

    @property
    def underruns(self) -> int:
        """How often samples were missing when they were due, from the first sample to `finish`."""
        return self._ring.underruns + self._lapses

    def start(self, silence: int) -> None:
        """Begin to play with silence: `lead` seconds, then the given number of samples."""
        self._started = True
        length = round((self._lead + silence / self.rate) * self.device_rate)
        self._ring.write(np.zeros(length, np.float32), -self._lead * self.rate - silence)

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
        while self._ring.fill > MAX_BUFFERED_SECONDS * self.device_rate:
            time.sleep(BLOCK)
            self.check()
        if not self._started:
            self._started = True
            silence = round(self._lead * self.device_rate)
            self._ring.write(np.zeros(silence, np.float32), first - self._lead * self.rate)
        scale = 1 << 15 if wave.dtype == np.int16 else 1
        kept = self._catch_up.push(wave.astype(np.float32) / np.float32(scale), self.fill)
        ready, late = self._resampler.push(kept)
        self._end = first + len(wave)
        self._ring.write(ready, self._end - len(kept) - late * self.rate)

    def finish(self) -> None:
        """Wait until all has been played."""
        rest, late = self._resampler.finish()
        self._ring.write(rest, self._end - late * self.rate)
        self._ring.finished = True
        while self._ring.fill:
            time.sleep(BLOCK)
            self.check()
        time.sleep(self.latency)

    def process(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Give the device the samples that wait."""
        data[:, 0], sample = self._ring.read(frames)
        if sample is not None:
            self.played = PlaybackTime(sample, now + self.device_delay(times.outputBufferDacTime - times.currentTime))
        if self.played:
            self._lapses += status.output_underflow
