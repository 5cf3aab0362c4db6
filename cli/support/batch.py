"""One piece of work on each of many files: results and failures are printed as they come."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

from sottovoce.cli.support.console import Console
from sottovoce.cli.support.failures import as_line
from sottovoce.cli.support.jobs import Job, Plan
from sottovoce.cli.support.summary import Summary
from sottovoce.cli.support.text import one_line
from sottovoce.cli.support.workers import cores, each
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import STANDARD


@dataclass(frozen=True)
class Done:
    """What became of a file.

    Parameters
    ----------
    line : str
        What is printed about it.
    facts : dict
        The same for programs; "seconds" and "bytes", where they are there, are added up.
    warnings : sequence of str
        What the user should know.
    payload : object
        What the caller of `run_batch` collects.
    """

    line: str
    facts: dict[str, Any]
    warnings: Sequence[str] = ()
    payload: Any = None


Outcome = Done | SottoError
Work = Callable[..., list[Outcome]]
"""Takes some jobs, and `tick` where there is a single one in all; returns an outcome for each."""


def run_batch(
    work: Work,
    found: Plan,
    console: Console,
    *,
    verb: str,
    workers: int | None,
    together: int = 1,
    force: bool = False,
    skip_existing: bool = False,
    collect: Callable[[Job, Any], None] | None = None,
) -> int:
    """Do the work on all files.

    Parameters
    ----------
    work : callable
        See `Work`.
    found : Plan
        The files.
    console : Console
        What prints the results.
    verb : str
        What is being done.
    workers : int or None
        Processes; None for as many as make sense.
    together : int
        Files that a process works on at once.
    force, skip_existing : bool
        Whether outputs that exist are overwritten, or left as they are.
    collect : callable, optional
        Called with each job that was done and its payload, in their order.

    Returns
    -------
    int
        The exit status: 0, or 2 when the only file failed, or 1 when some of several did.
    """
    start = perf_counter()
    console.results_aside = any(job.target == STANDARD for job in found.jobs)
    refused = [name for names, _ in found.refused for name in names]
    summary = Summary(failed=refused, ignored=found.ignored)
    for names, error in found.refused:
        _fail(names[0], error, console)
    single = len(found.jobs) + len(refused) == 1
    jobs = _without_existing(found.jobs, summary, console, force=force, skip_existing=skip_existing)
    done: list[Done] = []
    for job, outcome in _outcomes(work, jobs, console, verb=verb, workers=workers, together=together):
        if isinstance(outcome, Done):
            if collect:
                collect(job, outcome.payload)
            done.append(replace(outcome, payload=None))
            summary.add(job)
            _report(job, outcome, console)
        else:
            summary.failed.append(job.name)
            _fail(job.name, outcome, console)
    if not single or summary.skipped or summary.ignored:
        _report_total(done, summary, perf_counter() - start, console)
    return 0 if not summary.failed else 2 if single else 1


def _outcomes(
    work: Work, jobs: Sequence[Job], console: Console, *, verb: str, workers: int | None, together: int
) -> Iterator[tuple[Job, Outcome]]:
    """Yield each job with its outcome, and show the progress."""
    if not jobs:
        return
    workers = min(workers or cores(), len(jobs))
    size = min(together, -(-len(jobs) // workers))
    groups = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    if len(jobs) == 1:
        work = partial(work, tick=console.advance)
    finished = 0
    with console.progress(verb):
        for group, outcomes in zip(groups, each(work, groups, workers, _died), strict=True):
            yield from zip(group, outcomes, strict=True)
            finished += len(group)
            if len(jobs) > 1:
                console.advance(finished, len(jobs))


def _died(jobs: Sequence[Job]) -> list[Outcome]:
    """Return what is said of files whose process died."""
    remedy = "there may be too little memory; try it alone, with -j 1"
    return [SottoError("the process that worked on it died", remedy, job.name) for job in jobs]


def _without_existing(
    jobs: Sequence[Job], summary: Summary, console: Console, *, force: bool, skip_existing: bool
) -> Sequence[Job]:
    """Return the jobs whose outputs do not exist; of several, the others are skipped or fail together, in one line."""
    if force or (len(jobs) == 1 and not skip_existing):
        return jobs
    existing = [job for job in jobs if job.exists]
    if not existing:
        return jobs
    if skip_existing:
        summary.skipped = len(existing)
    else:
        summary.failed += [job.name for job in existing]
        what = "output exists" if len(existing) == 1 else "outputs exist"
        reason = f"{len(existing)} {what} already, such as {existing[0].target}"
        _fail("", SottoError(reason, "--skip-existing leaves them as they are, -f overwrites them"), console)
    return [job for job in jobs if not job.exists]


def _report(job: Job, outcome: Done, console: Console) -> None:
    for warning in outcome.warnings:
        console.warn(job.name, warning)
    console.result(outcome.line)
    console.document({"file": job.name, "output": job.target, **outcome.facts})


def _fail(name: str, error: SottoError, console: Console) -> None:
    console.error(as_line(error))
    console.document({"file": name, "error": str(error)} if name else {"error": str(error)})


def _report_total(done: Sequence[Done], summary: Summary, elapsed: float, console: Console) -> None:
    facts: dict[str, Any] = {}
    if done:
        facts = {key: sum(one.facts[key] for one in done) for key in ("seconds", "bytes") if key in done[0].facts}
    if "bytes" in facts:
        facts["bit_rate"] = 8 * facts["bytes"] / facts["seconds"]
    if len(done) > 1:
        console.result(row("in all", **facts))
    for line in summary.lines(elapsed):
        console.result(line)
    console.document({"total": summary.as_dict(elapsed) | facts})


def row(name: str, seconds: float, bytes: int | None = None, bit_rate: float | None = None, times: str = "") -> str:
    """Return a line of the list of results; the name comes last, as it may be long."""
    coded = "" if bytes is None else f"{bytes:9d} bytes {bit_rate:6.0f} bit/s"
    return f"{seconds:9.2f} s {coded}{times}  {one_line(name)}"
