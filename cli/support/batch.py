"""One piece of work on each of many files: results and failures are said as they come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_line
from sottovoce.cli.support.jobs import Job
from sottovoce.cli.support.workers import cores, each
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import STANDARD


@dataclass(frozen=True)
class Done:
    """What became of a file.

    Parameters
    ----------
    line : str
        What is said about it.
    facts : dict
        The same for programs; "seconds" and "bytes", where they are there, are added up.
    warnings : sequence of str
        What the user should know.
    """

    line: str
    facts: dict[str, Any]
    warnings: Sequence[str] = ()


Outcome = Done | SottoError
Work = Callable[..., list[Outcome]]
"""Takes some jobs, and `tick` where there is a single one in all; returns an outcome for each."""


def run_batch(
    work: Work, jobs: Sequence[Job], console: Console, *, verb: str, workers: int | None, together: int = 1
) -> int:
    """Do the work on all files.

    Parameters
    ----------
    work : callable
        See `Work`.
    jobs : sequence of Job
        The files.
    console : Console
        What says it.
    verb : str
        What is being done.
    workers : int or None
        Processes; None for as many as make sense.
    together : int
        Files that a process works on at once.

    Returns
    -------
    int
        The exit status: 0, or 2 when the only file failed, or 1 when some of several did.
    """
    console.results_aside = any(job.goal == STANDARD for job in jobs)
    workers = min(workers or cores(), len(jobs))
    size = min(together, -(-len(jobs) // workers))
    groups = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    if len(jobs) == 1:
        work = partial(work, tick=console.advance)
    done: list[Done] = []
    failed = 0
    with console.progress(verb):
        for group, outcomes in zip(groups, each(work, groups, workers), strict=True):
            for job, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, Done):
                    done.append(outcome)
                    _say(job, outcome, console)
                else:
                    failed += 1
                    console.error(as_line(outcome))
                    console.document({"file": job.name, "error": str(outcome)})
            if len(jobs) > 1:
                console.advance(len(done) + failed, len(jobs))
    if len(done) > 1:
        _say_total(done, console)
    return 0 if not failed else 2 if len(jobs) == 1 else 1


def _say(job: Job, outcome: Done, console: Console) -> None:
    for warning in outcome.warnings:
        console.warn(job.name, warning)
    console.result(outcome.line)
    console.document({"file": job.name, "output": job.goal, **outcome.facts})


def _say_total(done: Sequence[Done], console: Console) -> None:
    facts: dict[str, Any] = {
        key: sum(one.facts[key] for one in done) for key in ("seconds", "bytes") if key in done[0].facts
    }
    if "bytes" in facts:
        facts["bit_rate"] = 8 * facts["bytes"] / facts["seconds"]
    console.result(row(f"{len(done)} files", **facts))
    console.document({"total": {"files": len(done), **facts}})


def row(name: str, seconds: float, bytes: int | None = None, bit_rate: float | None = None, times: str = "") -> str:
    """Return a line of the list of results; the name comes last, as it may be long."""
    coded = "" if bytes is None else f"{bytes:9d} bytes {bit_rate:6.0f} bit/s"
    return f"{seconds:9.2f} s {coded}{times}  {name}"
