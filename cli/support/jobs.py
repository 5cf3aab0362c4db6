"""Which files a command works on, and where their results go."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.codec.errors import SottoError, explained
from sottovoce.codec.io.files import STANDARD, shown

CODED = frozenset([".sotto"])


@dataclass(frozen=True)
class Job:
    """An input and its output."""

    source: str
    goal: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return shown(self.source)


def plan(
    inputs: Sequence[str],
    output: str | None,
    *,
    wanted: frozenset[str],
    suffix: str,
    recursive: bool,
    note: Callable[[str], None],
) -> list[Job]:
    """Find the files in `inputs` and name the output of each.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders and ``-``.
    output : str or None
        A file for a single input, else a folder; ``-``; or None for beside each input.
    wanted : frozenset of str
        Suffixes of the files to take from folders.
    suffix : str
        Of the outputs.
    recursive : bool
        Whether to take the folders below a folder too.
    note : callable
        Told what the user may not expect.

    Returns
    -------
    list of Job

    Raises
    ------
    SottoError
        When the inputs don't go together with the output, or there are none.
    """
    if STANDARD in inputs and len(inputs) > 1:
        raise SottoError("standard input is beside other inputs", "give it alone", STANDARD)
    several = len(inputs) > 1 or os.path.isdir(inputs[0])
    if output == STANDARD and several:
        raise SottoError("standard output takes a single input", "name a folder with -o")
    into = output is not None and output != STANDARD and (several or os.path.isdir(output) or output.endswith("/"))
    if into and output and os.path.exists(output) and not os.path.isdir(output):
        raise SottoError("is a file", "name a folder for several outputs", output)
    jobs = []
    for name in inputs:
        for source, relative in _found(name, wanted, recursive, note):
            if into and output:
                place = os.path.join(_own_name(name), relative) if len(inputs) > 1 else relative
                goal = _with_suffix(os.path.join(output, place), suffix)
            elif output or name == STANDARD:
                goal = output or STANDARD
            else:
                goal = _with_suffix(source, suffix)
            jobs.append(Job(source, goal))
    _check(jobs)
    return jobs


def _found(
    name: str, wanted: frozenset[str], recursive: bool, note: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Yield the files of an input, each with its path as seen from there."""
    if not os.path.isdir(name):
        yield name, "stdin" if name == STANDARD else os.path.basename(name)
        return
    empty = True
    for folder, below, files in os.walk(name, onerror=_refused):
        below[:] = sorted(one for one in below if not one.startswith("."))
        for file in sorted(files):
            if not file.startswith(".") and os.path.splitext(file)[1].lower() in wanted:
                empty = False
                source = os.path.join(folder, file)
                yield source, os.path.relpath(source, name)
        if not recursive:
            if below and not empty:
                note(f"{name}: the folders in it are left out; add -r to take them too")
            if below and empty:
                raise SottoError("no such files in it", "add -r for the folders in it", name)
            break
    if empty:
        raise SottoError("no such files in it", f"the suffixes looked for are {' '.join(sorted(wanted))}", name)


def _refused(error: OSError) -> None:
    raise explained(error, str(error.filename)) from error


def _own_name(name: str) -> str:
    """Return the folder that an input becomes when there are several inputs."""
    return Path(name).resolve().name if os.path.isdir(name) else ""


def _with_suffix(path: str, suffix: str) -> str:
    return os.path.splitext(path)[0] + suffix


def _check(jobs: Sequence[Job]) -> None:
    """Refuse that an output overwrites an input or another output."""
    sources = {os.path.realpath(job.source) for job in jobs if job.source != STANDARD}
    goals: dict[str, str] = {}
    for job in jobs:
        if job.goal == STANDARD:
            continue
        goal = os.path.realpath(job.goal)
        if goal in sources:
            raise SottoError("is an input and would be overwritten", "choose another output with -o", job.goal)
        if goal in goals:
            raise SottoError(f"{goals[goal]} has the same output {job.goal}", "rename one of them", job.name)
        goals[goal] = job.name
