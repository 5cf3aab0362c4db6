"""The voice of a recording from its start to its end: where its level or its speaker changes.

Speech is cut into pieces of half a second, and the sequence of levels is found that is near all of them and changes
seldom (dynamic programming). In pauses the louder level of the two lasts, so that noise is not amplified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Voice
from sottovoce.codec.voice.level import byte_to_level, level_to_byte, normalising_gain, speech_level
from sottovoce.codec.voice.tracker import HEAD_SECONDS, voice_of
from sottovoce.models.activity import Run, find_runs, speech_in
from sottovoce.models.release import Release

Wave = npt.NDArray[np.float32]

OVERLAP_SECONDS = 10
"""What is read ahead of the speech whose level is decided, at least."""

_PIECE = 8000
"""Samples of a piece of speech."""

_SOFTER_DB, _LOUDER_DB = 8.0, 4.0
"""By how much speech may differ from its level at no cost."""

_MOST_SOFTER = 4.0
"""Highest cost of a second of softer speech: breath and small noises are not worth a change."""

_CHANGE_COST = 4.0
"""Cost of a change: that of a second of speech that is 12 dB too loud."""

_SAME_DB = 4.0
"""A level that differs by less is the one before."""

_MARGIN = 1600
"""Samples between a pause's end and the change before it."""


class Change(NamedTuple):
    """Another voice from a sample on.

    Attributes
    ----------
    start : int [samples]
    voice : Voice
    spoken : bool
        Whether it was measured in speech.
    """

    start: int
    voice: Voice
    spoken: bool


@dataclass(frozen=True)
class Segment:
    """Speech of one level.

    Parameters
    ----------
    start, stop : int [samples]
        Where its speech begins and ends.
    level : float [dBov]
    spoken : ndarray of float32 [shape=(n,)]
        Its speech without pauses.
    """

    start: int
    stop: int
    level: float
    spoken: Wave


def planned(blocks: Iterable[Wave], model: Release, *, constant: bool = False) -> Iterator[tuple[Voice, Wave]]:
    """Cut a recording where its voice changes.

    Parameters
    ----------
    blocks : iterable of ndarray of float32 [shape=(n,)]
        The recording, at the model's rate and full scale 1.
    model : Release
    constant : bool
        Whether the voice must not change.

    Yields
    ------
    (Voice, ndarray of float32 [shape=(n,)])
        Voices, and what is in them: whole steps, but at the end of the recording.
    """
    size, overlap = HEAD_SECONDS * model.sample_rate, OVERLAP_SECONDS * model.sample_rate
    planner = VoicePlanner(model)
    window = np.zeros(0, np.float32)
    source = iter(blocks)
    ended = False
    while not ended:
        read = [window]
        missing = size + overlap - len(window)
        while missing > 0 and (block := next(source, None)) is not None:
            read.append(block)
            missing -= len(block)
        window, ended = np.concatenate(read), missing > 0
        if not len(window):
            return
        stop = len(window) if ended else (len(window) - overlap) // model.step * model.step
        changes = planner.plan(window, constant=constant and planner.voice is not None)
        bounds = [min(one.start, stop) for one in changes] + [stop]
        for one, (begin, end) in zip(changes, pairwise(bounds), strict=True):
            if begin < end:
                yield one.voice, window[begin:end]
                planner.accept(one)
        window = window[stop:]


class VoicePlanner:
    """Plans the voices of a recording, window by window.

    Parameters
    ----------
    model : Release

    Attributes
    ----------
    voice : Voice or None
        The one before the window.
    """

    def __init__(self, model: Release) -> None:
        self._model = model
        self.voice: Voice | None = None
        self._spoken = False

    def accept(self, change: Change) -> None:
        """Go on after a voice that was planned and used."""
        self.voice, self._spoken = change.voice, change.spoken

    def plan(self, window: Wave, *, constant: bool = False) -> list[Change]:
        """Return the voices in a window of a recording, the first one from sample 0 on.

        Parameters
        ----------
        window : ndarray of float32 [shape=(n,)]
        constant : bool
            Whether the voice must stay as it is.
        """
        before = None if self.voice is None else Change(0, self.voice, self._spoken)
        if before is not None and constant:
            return [before]
        known = byte_to_level(before.voice.level) if before is not None and self._spoken else None
        segments = find_segments(window, find_runs(window), known)
        if not segments:
            return [before or Change(0, voice_of(window, self._model), False)]
        changes: list[Change] = []
        for number, segment in enumerate(segments):
            if number == 0 and before is not None and segment.level == known:
                changes.append(before)
                continue
            start = self._start(segments, number, before)
            if start > 0 and not changes and before is not None:
                changes.append(before)
            spoken = [one.voice.speaker for one in (before, *changes) if one is not None and one.spoken]
            speaker = spoken[-1] if spoken else self._speaker(segments)
            changes.append(Change(start, Voice(level_to_byte(segment.level), speaker), True))
        return changes

    def _speaker(self, segments: Sequence[Segment]) -> bytes:
        """Return the speaker of a recording's first speech."""
        gains = [normalising_gain(level_to_byte(one.level)) for one in segments]
        normal = [one.spoken * gain for one, gain in zip(segments, gains, strict=True)]
        return self._model.speaker(np.concatenate(normal))

    def _start(self, segments: Sequence[Segment], number: int, before: Change | None) -> int:
        """Return where a segment's voice begins: in the pause before it, on the side of the softer speech."""
        segment, step = segments[number], self._model.step
        if number:
            end, level = segments[number - 1].stop, segments[number - 1].level
        elif before is None:
            return 0
        else:
            end, level = 0, byte_to_level(before.voice.level)
        margin = min(_MARGIN, (segment.start - end) // 2)
        start = end + margin if segment.level > level else segment.start - margin
        return max(0, round(start / step) * step) if number or segment.level < level else 0


def find_segments(wave: Wave, runs: Sequence[Run], before: float | None = None) -> list[Segment]:
    """Return the stretches of speech (n,) that have one level each.

    Parameters
    ----------
    wave : ndarray of float32 [shape=(n,)]
    runs : sequence of Run
        Of which those that are speech count.
    before : float, optional [dBov]
        Level of the speech before.
    """
    pieces = [piece for run in runs if run.speech for piece in _pieces(run) if np.any(wave[piece.start : piece.stop])]
    if not pieces:
        return []
    levels = np.array([speech_level(wave[piece.start : piece.stop]) for piece in pieces])
    weights = np.array([(piece.stop - piece.start) / _PIECE / 2 for piece in pieces])
    chosen = _smoothed(levels, weights, before)
    bounds = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist(), len(pieces)]
    segments: list[Segment] = []
    known = before
    for first, last in pairwise(bounds):
        members = pieces[first:last]
        spoken = speech_in(wave, members)
        level = speech_level(spoken)
        if known is not None and abs(level - known) < _SAME_DB:
            level = known
        known = level
        if segments and segments[-1].level == level:
            last_one = segments.pop()
            members, spoken = [Run(last_one.start, 0, True), *members], np.concatenate((last_one.spoken, spoken))
        segments.append(Segment(members[0].start, members[-1].stop, level, spoken))
    return segments


def _pieces(run: Run) -> Iterator[Run]:
    count = max(1, round((run.stop - run.start) / _PIECE))
    edges = np.linspace(run.start, run.stop, count + 1).astype(int).tolist()
    return (Run(start, stop, True) for start, stop in pairwise(edges))


def _smoothed(
    levels: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], before: float | None
) -> npt.NDArray[np.float64]:
    """Return the level (dBov) that each piece is counted to: the cheapest sequence (Viterbi)."""
    lowest, highest = (edge(levels, initial=levels[0] if before is None else before) for edge in (np.min, np.max))
    grid = np.arange(np.floor(lowest), np.ceil(highest) + 1)
    cost = np.zeros(len(grid))
    if before is not None:
        cost[np.abs(grid - before) > 0.5] = _CHANGE_COST
    origins = []
    for level, weight in zip(levels, weights, strict=True):
        best = int(cost.argmin())
        stay = cost <= cost[best] + _CHANGE_COST
        origins.append(np.where(stay, np.arange(len(grid)), best))
        louder = np.square(np.maximum(0, level - grid - _LOUDER_DB) / 4)
        softer = np.minimum(_MOST_SOFTER, np.square(np.maximum(0, grid - level - _SOFTER_DB) / 4))
        cost = np.where(stay, cost, cost[best] + _CHANGE_COST) + weight * (louder + softer)
    path = [int(cost.argmin())]
    for origin in reversed(origins[1:]):
        path.append(int(origin[path[-1]]))
    return grid[path[::-1]]
