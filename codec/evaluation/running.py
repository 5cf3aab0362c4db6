"""The whole of an evaluation: codings, then each codec's delay, then figures, then the report."""

import platform
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from sottovoce.codec import models
from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation import metrics
from sottovoce.codec.evaluation.codecs import available
from sottovoce.codec.evaluation.coding import Characterising, CodingMeasurement, characterise, code
from sottovoce.codec.evaluation.measuring import Comparing, Measurement, compare
from sottovoce.codec.evaluation.peers.base import RATE, Peer
from sottovoce.codec.evaluation.references import ReferenceRecording, find
from sottovoce.codec.evaluation.report import CodecRow, assemble, write
from sottovoce.codec.evaluation.store import sweep
from sottovoce.codec.evaluation.waves import read

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Resumable(Protocol[Result_co]):
    """A task that knows whether its result is kept."""

    def known(self) -> Result_co | None:
        """Return the result, if it is there already."""


Task = TypeVar("Task", bound=Resumable)


class EvaluationItem(Protocol):
    """Does the same work on many tasks, as ``map`` does or in other processes."""

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task], /) -> Iterator[Result]:
        """Yield the results in the order of the tasks."""


class EvaluationProgress(Protocol):
    """Is told how the work goes on."""

    def progress(self, what: str, /) -> AbstractContextManager[None]:
        """Show progress of something inside."""

    def advance(self, done: float, total: float | None, /) -> None:
        """Show how far it is."""

    def warn(self, what: str, why: str, /) -> None:
        """Say what the user should know."""


class DecodedSignal(NamedTuple):
    """A recording that was read: its length in samples and the checksum of these."""

    recording: ReferenceRecording
    samples: int
    crc32: int


def evaluate(
    source: str,
    output: str,
    *,
    presets: Sequence[str] | None,
    model: str,
    against: str,
    each: EvaluationItem,
    watcher: EvaluationProgress,
) -> dict[str, Any]:
    """Measure codecs on recordings and write a report.

    Parameters
    ----------
    source : str
        Folder of recordings, or table of them: see `references.find`.
    output : str
        Folder of the report. What an earlier run has done there for the same recordings, codecs and metrics is used.
    presets : sequence of str, optional
        Of ours; all where it's None.
    model : str
        Name, or path of its weights.
    against : str
        Families or codecs, separated by commas; or "none".
    each : callable
        Spreads the work.
    watcher : EvaluationProgress
        Is told how it goes.

    Returns
    -------
    dict
        What report.json holds.

    Raises
    ------
    SottoError
        When something that the user gave is wrong, or a package or codec fails.
    """
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SottoError("is a file", "name a folder for the report", output)
    versions = metrics.versions()
    recordings = find(source, folder)
    release = models.by_name(model)

    def missed(name: str, remedy: str) -> None:
        watcher.warn(name, f"not measured; to have it, {remedy}")

    codecs, missing = available(against, presets or list(release.presets), model, missed)
    with watcher.progress("reading"):
        heard = list(_watched(watcher, map(_hear, recordings), len(recordings)))
    sweep(folder)
    work = _Work(each, watcher)
    rows = _rows(folder, codecs, heard, model, versions, work)
    about = {"python": platform.python_version(), "sottovoce": metadata.version("sottovoce"), **versions}
    named = {"name": release.name, "id": release.id.hex(), "sha256": release.card["sha256"]}
    report = assemble(about, named, [(one.recording, one.samples / RATE, one.crc32) for one in heard], rows, missing)
    write(report, folder)
    return report


def _hear(recording: ReferenceRecording) -> DecodedSignal:
    wave = read(recording.file)
    return DecodedSignal(recording, len(wave), zlib.crc32(wave.tobytes()))


def _watched(watcher: EvaluationProgress, results: Iterable[Result], total: int) -> Iterator[Result]:
    for count, result in enumerate(results, 1):
        watcher.advance(count, total)
        yield result


class _Work:
    """Takes what is kept of some work, and has the rest done."""

    def __init__(self, each: EvaluationItem, watcher: EvaluationProgress) -> None:
        self._each, self._watcher = each, watcher

    def done(self, what: str, work: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """Return the results in the order of the tasks."""
        known: list[Result | None] = [task.known() for task in tasks]
        todo = [i for i, one in enumerate(known) if one is None]
        if todo:
            with self._watcher.progress(what):
                results = self._each(work, [tasks[i] for i in todo])
                for i, result in zip(todo, _watched(self._watcher, results, len(todo)), strict=True):
                    known[i] = result
        return [one for one in known if one is not None]


def _rows(
    folder: Path,
    codecs: Sequence[Peer],
    heard: Sequence[DecodedSignal],
    model: str,
    versions: dict[str, Any],
    work: _Work,
) -> list[CodecRow]:
    """Return all figures of each codec."""
    count = len(heard)
    codings = [
        [CodingMeasurement(folder, codec.name, codec.identity, model, one.recording, one.crc32) for one in heard]
        for codec in codecs
    ]
    flat = work.done("coding", code, [one for row in codings for one in row])
    coded = [flat[start : start + count] for start in range(0, len(flat), count)]
    longest = max(range(count), key=lambda i: heard[i].samples)
    traits = work.done(
        "aligning",
        characterise,
        [
            Characterising(row, [one["crc32"] for one in back], row[longest])
            for row, back in zip(codings, coded, strict=True)
        ],
    )
    measurings = [
        [Measurement(*pair, trait["delay"], versions) for pair in zip(row, (one["crc32"] for one in back), strict=True)]
        for row, back, trait in zip(codings, coded, traits, strict=True)
    ]
    measured = work.done("measuring", compare, [Comparing(column) for column in zip(*measurings, strict=True)])
    figures = list(zip(*measured, strict=True))
    return [CodecRow(*row) for row in zip(codecs, coded, traits, figures, strict=True)]
