"""A PortAudio stream, opened, watched and closed: what microphone and loudspeaker have in common.

PortAudio calls back in threads of its own, which must never wait: they only move samples from or to a queue, and the
thread that reads or writes does the rest. All times are seconds of `time.perf_counter`, the one clock of all drivers.
"""

import threading
import time
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sottovoce.codec.errors import SottoError
from sottovoce.codec.live.devices import Side, find, portaudio
from sottovoce.models.audio.resampling import Resampler

Wave = npt.NDArray[np.float32]

BLOCK = 0.010
"""Seconds in a callback. Through PulseAudio in and out take 30 ms with it; 15 with half of it, more easily broken."""

STALLED = 1.0
"""Seconds without a callback after which a device counts as lost."""

_REFUSED_RATE = -9997  # PortAudio's paInvalidSampleRate


class PortAudioStream:
    """A device that is open for one channel of float32.

    Parameters
    ----------
    device : str, int or None
        As `sottovoce.codec.live.devices.find` takes it.
    rate : int
        Sample rate of the samples that are read or written, Hz.

    Attributes
    ----------
    device : Device
        The one that was found.
    device_rate : int
        Sample rate of the device, Hz: its own where it refuses `rate`.

    Raises
    ------
    SottoError
        When it can't be found or opened; and from any later call, when it has been disconnected.
    """

    side: Side

    def __init__(self, device: str | int | None = None, rate: int = 16000) -> None:
        self.rate = rate
        self.device = find(self.side, device)
        self._last_callback = time.perf_counter()
        self._finished = threading.Event()
        self._stream, self.device_rate = self._opened()

    def __enter__(self) -> Self:
        self._last_callback = time.perf_counter()
        try:
            self._stream.start()
        except portaudio().PortAudioError as error:
            self.close()
            raise self._unusable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def latency(self) -> float:
        """Seconds between the device and the callback, as its driver declares them."""
        return self._stream.latency

    def close(self) -> None:
        """Close the device; one that doesn't answer within a second is abandoned."""
        closing = threading.Thread(target=self._stream.close, daemon=True)
        closing.start()
        closing.join(STALLED)

    def process(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Move `frames` samples from or to `data` [frames, 1]."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise SottoError when the device is lost."""
        if self._finished.is_set() or time.perf_counter() - self._last_callback > STALLED:
            raise SottoError(f"{self.device} is disconnected", "connect it again or choose another")

    def device_delay(self, seconds: float) -> float:
        """Return the driver's delay in seconds, or its declared latency where that is implausible."""
        return seconds if -STALLED < seconds < STALLED else self.latency

    def _opened(self) -> tuple[Any, int]:
        sound = portaudio()
        own = round(self.device.rate)
        try:
            return self._open(sound, self.rate), self.rate
        except sound.PortAudioError as error:
            if error.args[-1] != _REFUSED_RATE or own == self.rate:
                raise self._unusable(error) from error
        try:
            return self._open(sound, own), own
        except sound.PortAudioError as error:
            raise self._unusable(error) from error

    def _open(self, sound: Any, rate: int) -> Any:
        opener = sound.InputStream if self.side == "input" else sound.OutputStream
        return opener(
            device=self.device.index,
            samplerate=rate,
            channels=1,
            dtype="float32",
            blocksize=round(BLOCK * rate),
            latency="low",
            callback=self._callback,
            finished_callback=self._finished.set,
        )

    def _callback(self, data: Wave, frames: int, times: Any, status: Any) -> None:
        self._last_callback = now = time.perf_counter()
        self.process(data, frames, now, times, status)

    def _unusable(self, error: Exception) -> SottoError:
        return SottoError(f"{self.device} can't be used ({error.args[0]})", "close what uses it or choose another")


class TimedResampler:
    """Resamples blocks and computes the delay of what comes out.

    Parameters
    ----------
    source, target : int
        Hz.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._resampler = Resampler(source, target)
        self._consumed = self._produced = 0

    def push(self, wave: Wave) -> tuple[Wave, float]:
        """Return the samples that are ready, and by how many seconds the first of them precedes the block's first."""
        late = self._consumed / self._source - self._produced / self._target
        ready = self._resampler.push(wave)
        self._consumed += len(wave)
        self._produced += len(ready)
        return ready, late

    def finish(self) -> tuple[Wave, float]:
        """Return the rest, likewise."""
        return self._resampler.finish(), self._consumed / self._source - self._produced / self._target
