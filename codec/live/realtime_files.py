"""Recordings in the place of a microphone and a loudspeaker, in real time."""

import time
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.live.sound_card import AudioBlock


def paced(blocks: Iterable[npt.NDArray[np.float32]], rate: int, seconds: float = 0.02) -> Iterator[AudioBlock]:
    """Yield a recording in blocks, at the times at which a microphone would have captured them.

    Parameters
    ----------
    blocks : iterable of float32 [samples]
    rate : int
        Hz.
    seconds : float
        Length of the yielded blocks.
    """
    size = round(seconds * rate)
    start = time.perf_counter()
    done = 0
    for block in blocks:
        for at in range(0, len(block), size):
            piece = block[at : at + size]
            begin = start + done / rate
            done += len(piece)
            time.sleep(max(0.0, start + done / rate - time.perf_counter()))
            yield AudioBlock(piece, begin)


class PacedAudioOutput:
    """Writes to a file what a loudspeaker would have played, with silence where samples came too late.

    Parameters
    ----------
    sink : WavWriter
    rate : int
        Hz.
    lead : float
        Delay of the first sample, seconds; it isn't written.

    Attributes
    ----------
    underruns : int
        How often samples were missing when they were due.
    """

    def __init__(self, sink: WavWriter, rate: int, *, lead: float = 0.0) -> None:
        self.underruns = 0
        self._sink = sink
        self._rate = rate
        self._lead = lead
        self._start_time: float | None = None
        self._written = 0

    @property
    def fill(self) -> int:
        """Number of samples that wait to be played."""
        return max(0, self._left())

    def start(self, silence: int) -> None:
        """Begin to play after the delay and the given number of silent samples, which aren't written."""
        self._start_time = time.perf_counter() + self._lead + silence / self._rate

    def write(self, wave: npt.NDArray[np.int16], first: int) -> None:
        """Add samples."""
        if self._start_time is None:
            self.start(0)
        late = -self._left()
        self.underruns += late > 0
        while late > 0:  # in pieces: a pause may last for hours
            self._add(np.zeros(min(late, self._rate), np.int16))
            late -= self._rate
        self._add(wave)

    def _left(self) -> int:
        if self._start_time is None:
            return 0
        return self._written - round((time.perf_counter() - self._start_time) * self._rate)

    def _add(self, wave: npt.NDArray[np.int16]) -> None:
        self._sink.write(wave)
        self._written += len(wave)
