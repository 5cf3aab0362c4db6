"""Which files a command works on, and where their results go."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sottovoce.cli.support.conversion import Conversion
from sottovoce.cli.support.search import Search
from sottovoce.cli.support.shards import Shard
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.files import STANDARD, shown


@dataclass(frozen=True)
class Job:
    """An input and its output."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return shown(self.source)

    @property
    def exists(self) -> bool:
        """Whether the output is there already, as a regular file."""
        try:
            return self.target != STANDARD and stat.S_ISREG(os.stat(self.target).st_mode)
        except OSError:
            return False


@dataclass
class Plan:
    """What a command has to do.

    Attributes
    ----------
    jobs : list of Job
        The files to convert.
    refused : list of (list of str, SottoError)
        Inputs that cannot be converted, together with the reason.
    ignored : Counter of str
        Number of files in the folders that are of another kind, by suffix.
    """

    jobs: list[Job] = field(default_factory=list)
    refused: list[tuple[list[str], SottoError]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def shard(self, shard: Shard) -> "Plan":
        """Return the part of this plan that a job of an array does."""
        return Plan(shard.of(self.jobs), shard.of(self.refused), self.ignored)


def plan(
    inputs: Sequence[str],
    output: str | None,
    conversion: Conversion,
    *,
    recursive: bool = False,
    keep_tree: bool = False,
    note: Callable[[str], None],
) -> Plan:
    """Find the files in `inputs` and name the output of each.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders and ``-``.
    output : str or None
        A file for a single input, else a folder; ``-``; or None for beside each input.
    conversion : Conversion
        What is converted to what.
    recursive : bool
        Whether to take the folders below a folder too.
    keep_tree : bool
        Whether an output in a folder has the path of its input there, not only the name.
    note : callable
        Called with what the user may not expect.

    Returns
    -------
    Plan
        Two inputs that have the same output are refused; the others are planned.

    Raises
    ------
    SottoError
        When the inputs don't go together with the output, or nothing is left to do.
    """
    if STANDARD in inputs and len(inputs) > 1:
        raise _beside_standard_input(inputs, output)
    several = len(inputs) > 1 or os.path.isdir(inputs[0]) or keep_tree
    into = _is_folder(output, several, conversion, inputs)
    conversion.check_inputs(inputs)
    search = Search(conversion.wanted, recursive, note)
    found = Plan(ignored=search.ignored)
    for name in inputs:
        try:
            conversion.check_input(name)
        except SottoError as error:
            found.refused.append(([name], error))
            continue
        for source, relative in search.found(name):
            if into and output:
                place = os.path.join(_own_folder(name, len(inputs) > 1, keep_tree), relative)
                target = _with_suffix(os.path.join(output, place), conversion.suffix)
            elif output or name == STANDARD:
                target = output or STANDARD
            else:
                target = _with_suffix(source, conversion.suffix)
            found.jobs.append(Job(source, target))
    found.refused += [([error.file], error) for error in search.unreadable]
    found.ignored.pop(conversion.suffix, None)
    _check(found)
    if not found.jobs and found.refused:
        raise found.refused[0][1]
    return found


def _beside_standard_input(inputs: Sequence[str], output: str | None) -> SottoError:
    if len(inputs) == 2 and inputs[1] == STANDARD and output is None:
        return SottoError("standard input is beside other inputs", "for standard output give -o -", STANDARD)
    return SottoError("standard input is beside other inputs", "give it alone", STANDARD)


def _is_folder(output: str | None, several: bool, conversion: Conversion, inputs: Sequence[str]) -> bool:
    """Return whether the output is a folder for the results; raise SottoError where that is not possible."""
    if output is None:
        return False
    if output == STANDARD:
        if several:
            raise SottoError("standard output takes a single input", "name a folder with -o")
        return False
    if os.path.isdir(output) or output.endswith("/"):
        return True
    if not several:
        conversion.check_output(output)
        return False
    if os.path.exists(output):
        raise SottoError("is a file", "name a folder for several outputs", output)
    if conversion.is_file_name(output):
        raise SottoError("is the name of a file", "name a folder for several outputs, or end it with /", output)
    return True


def _own_folder(name: str, several: bool, keep_tree: bool) -> str:
    """Return the folder, in that of the outputs, in which the results of an input are."""
    if keep_tree:
        path = os.path.normpath(name if os.path.isdir(name) else os.path.dirname(name) or ".")
        return os.path.join("", *(part for part in Path(path).parts if part not in (os.sep, os.pardir)))
    return Path(name).resolve().name if several and os.path.isdir(name) else ""


def _with_suffix(path: str, suffix: str) -> str:
    return os.path.splitext(path)[0] + suffix


def _check(found: Plan) -> None:
    """Refuse that an output overwrites an input or another output."""
    sources = {os.path.realpath(job.source) for job in found.jobs if job.source != STANDARD}
    targets: dict[str, list[Job]] = {}
    for job in found.jobs:
        target = os.path.realpath(job.target)
        if job.target != STANDARD and target in sources:
            raise SottoError("is an input and would be overwritten", "choose another output with -o", job.target)
        targets.setdefault(target, []).append(job)
    found.jobs = [job for jobs in targets.values() if len(jobs) == 1 for job in jobs]
    for first, *others in targets.values():
        if others:
            names = ", ".join(job.name for job in others)
            reason, remedy = f"has the same output {first.target} as {names}", "rename one, or give each its own -o"
            found.refused.append(([first.name, *(job.name for job in others)], SottoError(reason, remedy, first.name)))
