"""The sum at the end of a batch."""

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sottovoce.cli.support.jobs import Job
from sottovoce.cli.support.text import one_line
from sottovoce.cli.support.times import clock

_MOST_NAMES = 10  # names that are listed


@dataclass
class Summary:
    """Counts what became of the files of a batch.

    Attributes
    ----------
    done : int
        Files that were converted.
    skipped : int
        Files whose outputs were there already.
    failed : list of str
        Names of the files that failed.
    ignored : Counter of str
        Files of other kinds in the folders, by suffix.
    input_bytes, output_bytes : int
        Sizes of the files that were converted, and of their outputs.
    """

    done: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    input_bytes: int = 0
    output_bytes: int = 0

    def add(self, job: Job) -> None:
        """Count a converted file."""
        self.done += 1
        self.input_bytes += _size(job.source)
        self.output_bytes += _size(job.target)

    def lines(self, elapsed: float) -> list[str]:
        """Return the sum in words.

        Parameters
        ----------
        elapsed : float
            Seconds that the batch took.
        """
        parts = [f"{self.done} done"]
        if self.skipped:
            parts.append(f"{self.skipped} skipped (output exists)")
        if self.ignored:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.ignored.most_common())
            parts.append(f"{self.ignored.total()} ignored ({kinds})")
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.input_bytes and self.output_bytes:
            parts.append(f"{size(self.input_bytes)} to {size(self.output_bytes)}")
        lines = [", ".join([*parts, f"in {clock(elapsed)}"])]
        if self.failed:
            more = len(self.failed) - _MOST_NAMES
            names = ", ".join(map(one_line, self.failed[:_MOST_NAMES])) + (f" and {more} more" if more > 0 else "")
            lines.append(f"failed: {names}")
        return lines

    def as_dict(self, elapsed: float) -> dict[str, Any]:
        """Return the sum for programs."""
        return {
            "files": self.done,
            "skipped": self.skipped,
            "ignored": dict(self.ignored),
            "failed": self.failed,
            "input_bytes": self.input_bytes,
            "output_bytes": self.output_bytes,
            "elapsed": round(elapsed, 3),
        }


def size(count: int) -> str:
    """Return a number of bytes with a unit: bytes, kB, MB or GB."""
    value = float(count)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.{0 if unit == 'bytes' or value >= 100 else 1}f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0
