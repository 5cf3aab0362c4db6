"""A recording played from beginning to end, however fast it is decoded."""

import queue
import threading
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sottovoce.codec.errors import SottoError
from sottovoce.codec.live.devices import find, portaudio
from sottovoce.models.audio.resampling import Resampler

_WAITING = 2  # pieces of decoded speech that may wait to be played


class Loudspeaker:
    """Plays 16-bit samples in order, inside ``with``. Writing waits while enough samples are ready to be played.

    Parameters
    ----------
    device : str or None
        As `sottovoce.codec.live.devices.find` takes it.
    sample_rate : int
        Hz of the samples.

    Raises
    ------
    SottoError
        When it cannot be found or opened, and, in whatever is done with it later, when it fails.
    """

    def __init__(self, device: str | None, sample_rate: int) -> None:
        self._device = find("output", device)
        self._sound = portaudio()
        self._stream, rate = self._opened(sample_rate)
        self._resampler = Resampler(sample_rate, rate)
        self._pieces: queue.Queue[npt.NDArray[np.float32] | None] = queue.Queue(_WAITING)
        self._error: Exception | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)

    def __enter__(self) -> Self:
        self._stream.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._stream.close()

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Add samples."""
        self._put(self._resampler.push(wave.astype(np.float32) / np.float32(32768)))

    def close(self) -> None:
        """Wait until everything was played."""
        self._put(self._resampler.finish())
        self._put(None)
        self._thread.join()
        self._check()
        self._stream.stop()  # waits for what the device still has

    def _put(self, piece: npt.NDArray[np.float32] | None) -> None:
        while True:
            self._check()
            try:
                return self._pieces.put(piece, timeout=0.1)
            except queue.Full:
                continue

    def _play(self) -> None:
        try:
            while not self._stopped.is_set() and (piece := self._pieces.get()) is not None:
                self._stream.write(piece[:, None])
        except Exception as error:
            self._error = error

    def _check(self) -> None:
        if self._error:
            raise self._unusable(self._error) from self._error

    def _opened(self, sample_rate: int) -> tuple[Any, int]:
        own = round(self._device.rate)
        try:
            return self._open(sample_rate), sample_rate
        except self._sound.PortAudioError:
            pass  # many devices have one rate only
        try:
            return self._open(own), own
        except self._sound.PortAudioError as error:
            raise self._unusable(error) from error

    def _open(self, rate: int) -> Any:
        how: dict[str, Any] = {"channels": 1, "dtype": "float32", "latency": "high"}
        return self._sound.OutputStream(device=self._device.index, samplerate=rate, **how)

    def _unusable(self, error: Exception) -> SottoError:
        return SottoError(f"{self._device} can't be used ({error.args[0]})", "close what uses it or choose another")
