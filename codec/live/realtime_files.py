"""Recordings in the place of a microphone and a loudspeaker, in real time."""

import time
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.live.sound_card import AudioBlock


def paced(blocks: Iterable[npt.NDArray[np.float32]], rate: int, seconds: float = 0.02) -> Iterator[AudioBlock]:
    """Cut a recording into blocks that come when a microphone would have heard them.

    Parameters
    ----------
    blocks : iterable of float32 [samples]
    rate : int
        Hz.
    seconds : float
        Length of the blocks to come.
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
    """Plays into a file what a loudspeaker would have played: where samples come too late there is silence.

    Parameters
    ----------
    sink : WavWriter
    rate : int
        Hz.
    lead : float
        Seconds of silence before the first sample, which aren't written.

    Attributes
    ----------
    underruns : int
        How often there was nothing to play.
    """

    def __init__(self, sink: WavWriter, rate: int, *, lead: float = 0.0) -> None:
        self.underruns = 0
        self._sink = sink
        self._rate = rate
        self._lead = lead
        self._begun: float | None = None
        self._written = 0

    @property
    def fill(self) -> int:
        """Samples that wait to be played."""
        return max(0, self._left())

    def write(self, wave: npt.NDArray[np.int16], first: int) -> None:
        """Add samples."""
        if self._begun is None:
            self._begun = time.perf_counter() + self._lead
        late = -self._left()
        if late > 0:
            self.underruns += 1
            self._add(np.zeros(late, np.int16))
        self._add(wave)

    def _left(self) -> int:
        if self._begun is None:
            return 0
        return self._written - round((time.perf_counter() - self._begun) * self._rate)

    def _add(self, wave: npt.NDArray[np.int16]) -> None:
        self._sink.write(wave)
        self._written += len(wave)
