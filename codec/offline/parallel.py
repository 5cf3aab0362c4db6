"""Encode one long recording in several processes, to the same bytes as in one.

The encoder looks a limited time back, so a process that starts that much earlier finds the same codes. What stays in
one process is reading, resampling, finding pauses, and entropy coding, which takes a small part of the time. Decoding
stays in one process: each sample depends on all samples before it.
"""

from collections import deque
from concurrent.futures import Executor, Future

import numpy as np
import numpy.typing as npt

from sottovoce.codec.models import by_name
from sottovoce.codec.offline.dtx import PauseDetector
from sottovoce.models.release import Preset, Release
from sottovoce.models.runtime.encoder import LARGE_GROUP

SEGMENT_STEPS = 8 * LARGE_GROUP
"""Steps that a process encodes at a time, 80 s: whole groups, so that each has the same steps as in one process."""

_AHEAD_STEPS = LARGE_GROUP + 3
"""Steps after a segment that its last steps depend on, at most: those of the next group."""


class ParallelStepEncoder:
    """Does what `StepEncoder` does, in the processes of a pool.

    Parameters
    ----------
    model, preset : Release, Preset
        The model that encodes, and its rate.
    dtx : bool
        Whether steps in pauses are flagged.
    pool : Executor
        Its processes encode.
    source : str
        Name or path by which `by_name` finds the model there.
    most : int
        Segments that wait in the pool at most.
    """

    def __init__(self, model: Release, preset: Preset, *, dtx: bool, pool: Executor, source: str, most: int) -> None:
        self._step, self._books = model.step, preset.books
        self._past = past_steps(model, preset)
        self._pauses = PauseDetector(model.step) if dtx else None
        self._pool, self._source, self._most = pool, source, most
        self._preset = preset.name
        self._wave = np.zeros(0, np.float32)
        self._warm_up = 0  # steps at the start of the wave that are encoded already
        self._waiting: deque[Future[npt.NDArray[np.int16]]] = deque()

    def push(self, wave: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8] | None]:
        """Take samples at the model's level; return codes [shape=(steps, books)] and flags [shape=(steps,)]."""
        self._wave = np.concatenate((self._wave, wave))
        if self._pauses:
            self._pauses.push(wave)
        while len(self._wave) >= (self._warm_up + SEGMENT_STEPS + _AHEAD_STEPS) * self._step:
            self._submit(self._warm_up + SEGMENT_STEPS)
        ready = []
        while self._waiting and (len(self._waiting) > self._most or self._waiting[0].done()):
            ready.append(self._waiting.popleft().result())
        return self._taken(ready)

    def finish(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8] | None]:
        """Return the remaining codes and flags."""
        if self._pauses:
            self._pauses.finish()
        self._submit(None)
        ready = [future.result() for future in self._waiting]
        self._waiting.clear()
        return self._taken(ready)

    def _submit(self, stop: int | None) -> None:
        """Have the wave encoded up to a step, or to its end, and keep what the next segment looks back at."""
        end = None if stop is None else (stop + _AHEAD_STEPS) * self._step
        work = (self._source, self._preset, self._wave[:end], self._warm_up, stop)
        self._waiting.append(self._pool.submit(encode_segment, *work))
        if stop is not None:
            first = max(0, stop - self._past)
            self._wave, self._warm_up = self._wave[first * self._step :].copy(), stop - first

    def _taken(self, ready: list[npt.NDArray[np.int16]]) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8] | None]:
        codes = np.concatenate([np.zeros((0, self._books), np.int16), *ready])
        return codes, self._pauses.take(len(codes)) if self._pauses else None


def encode_segment(
    source: str, preset: str, wave: npt.NDArray[np.float32], start: int, stop: int | None
) -> npt.NDArray[np.int16]:
    """Return the codes of the steps from `start` to `stop` of a wave at the model's level; None is its end."""
    model = by_name(source)
    encoder = model.encoder(model.presets[preset].books, LARGE_GROUP)
    codes = encoder.push(wave)
    if stop is None:
        codes = np.concatenate((codes, encoder.finish()))
    return codes[start:stop]


def past_steps(model: Release, preset: Preset) -> int:
    """Return a number of steps, in whole groups, beyond which the encoder doesn't look back.

    Its buffers hold no more rows.
    """
    state = model.encoder(preset.books).state
    rows = 2 + sum(len(array) for name, array in state.arrays.items() if array.ndim == 2)
    return -(-rows // LARGE_GROUP) * LARGE_GROUP
