"""What the microphone and the loudspeaker have in common: a PortAudio stream that is opened, watched and closed.

PortAudio calls back in threads of its own, which must never wait: they only move samples from or to a queue. Whoever
reads or writes does the rest. All times are seconds of `time.perf_counter`, the one clock that all drivers share.
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
"""Seconds without a callback after which a device is given up."""

_REFUSED_RATE = -9997  # PortAudio's paInvalidSampleRate


class PortAudioStream:
    """A device that is open for one channel of float32.

    Parameters
    ----------
    device : str, int or None
        As `sottovoce.codec.live.devices.find` takes it.
    rate : int
        Hz of what is read or written.

    Attributes
    ----------
    device : Device
        The one that was found.
    device_rate : int
        Hz at which it runs: its own where it refuses `rate`.

    Raises
    ------
    SottoError
        When it can't be found or opened, and, in whatever is done with it later, when it has gone.
    """

    side: Side

    def __init__(self, device: str | int | None = None, rate: int = 16000) -> None:
        self.rate = rate
        self.device = find(self.side, device)
        self._seen = time.perf_counter()
        self._ended = threading.Event()
        self._stream, self.device_rate = self._opened()

    def __enter__(self) -> Self:
        self._seen = time.perf_counter()
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
        """Give the device back; one that no longer answers is left to itself after a second."""
        closing = threading.Thread(target=self._stream.close, daemon=True)
        closing.start()
        closing.join(STALLED)

    def called(self, data: Wave, frames: int, now: float, times: Any, status: Any) -> None:
        """Move `frames` samples from or to `data` [frames, 1]."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise when the device has gone."""
        if self._ended.is_set() or time.perf_counter() - self._seen > STALLED:
            raise SottoError(f"{self.device} has gone", "connect it again or choose another")

    def away(self, seconds: float) -> float:
        """Return how far the device's end is, for which not every driver has an answer that can be believed."""
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
            callback=self._called,
            finished_callback=self._ended.set,
        )

    def _called(self, data: Wave, frames: int, times: Any, status: Any) -> None:
        self._seen = now = time.perf_counter()
        self.called(data, frames, now, times, status)

    def _unusable(self, error: Exception) -> SottoError:
        return SottoError(f"{self.device} can't be used ({error.args[0]})", "close what uses it or choose another")


class Bridge:
    """Brings pieces to another rate and tells how late they come out of that.

    Parameters
    ----------
    source, target : int
        Hz.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._resampler = Resampler(source, target)
        self._taken = self._given = 0

    def push(self, wave: Wave) -> tuple[Wave, float]:
        """Take a piece; return what is ready, and by how many seconds its first sample lies before the piece's."""
        late = self._taken / self._source - self._given / self._target
        ready = self._resampler.push(wave)
        self._taken += len(wave)
        self._given += len(ready)
        return ready, late

    def finish(self) -> tuple[Wave, float]:
        """Return the rest, likewise."""
        return self._resampler.finish(), self._taken / self._source - self._given / self._target
