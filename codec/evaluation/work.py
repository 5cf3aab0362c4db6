"""Tasks of an evaluation: stored results are used, and the other tasks are done, in several processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Resumable(Protocol[Result_co]):
    """A task that knows whether its result is stored."""

    def known(self) -> Result_co | None:
        """Return the result if it is stored."""


Task = TypeVar("Task", bound=Resumable)


class EvaluationItem(Protocol):
    """Does the same work on many tasks, as ``map`` does or in other processes."""

    def __call__(self, work: Callable[[Task], Result], tasks: Iterable[Task], /) -> Iterator[Result]:
        """Yield the results in the order of the tasks."""


class EvaluationProgress(Protocol):
    """Shows progress and warnings."""

    def progress(self, what: str, /) -> AbstractContextManager[None]:
        """Show progress of something inside."""

    def advance(self, done: float, total: float | None, /) -> None:
        """Show how far it is."""

    def warn(self, what: str, why: str, /) -> None:
        """Say what the user should know."""


def watched(watcher: EvaluationProgress, results: Iterable[Result], total: int) -> Iterator[Result]:
    """Yield results and show how many of `total` are there."""
    for count, result in enumerate(results, 1):
        watcher.advance(count, total)
        yield result


class Work:
    """Looks up stored results and has the rest computed.

    Parameters
    ----------
    each : callable
        Spreads the work over processes.
    watcher : EvaluationProgress
        Shows progress.
    """

    def __init__(self, each: EvaluationItem, watcher: EvaluationProgress) -> None:
        self._each, self._watcher = each, watcher

    def done(self, what: str, work: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """Return the results in the order of the tasks."""
        known: list[Result | None] = [task.known() for task in tasks]
        todo = [i for i, one in enumerate(known) if one is None]
        if todo:
            with self._watcher.progress(what):
                results = self._each(work, [tasks[i] for i in todo])
                for i, result in zip(todo, watched(self._watcher, results, len(todo)), strict=True):
                    known[i] = result
        return [one for one in known if one is not None]
