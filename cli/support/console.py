"""The output of a command: results on standard output, the rest on standard error, progress on a terminal only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TextIO

import click

from sottovoce.cli.support.text import as_json, lines, one_line

INTERVAL = 30.0
"""Seconds between two lines of progress."""


class Console:
    """Prints results, warnings and errors, and shows progress on a terminal.

    Parameters
    ----------
    quiet : bool
        Whether only warnings and errors are printed.
    as_json : bool
        Whether results are printed as JSON lines.
    lines : bool
        Whether progress is printed as lines, now and then, where standard error is no terminal: for work of hours,
        whose output goes to a file.

    Attributes
    ----------
    quiet : bool
        As given.
    results_aside : bool
        Whether results go to standard error, because the encoded or decoded data goes to standard output.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False, lines: bool = False) -> None:
        self.quiet = quiet
        self._json = as_json
        self._lines: ProgressLines | None = ProgressLines() if lines and not quiet else None
        self.results_aside = False
        self._progress: Any = None
        self._bar: Any = None

    def result(self, line: str) -> None:
        """Print a result in words."""
        if not (self.quiet or self._json):
            self._print(lines(line), err=self.results_aside)

    def document(self, value: Any) -> None:
        """Print a result as JSON, if that is wanted."""
        if self._json:
            self._print(as_json(value), err=self.results_aside)

    def warn(self, file: str, what: str) -> None:
        """Print a warning about a file."""
        self._print(one_line(f"warning: {file}: {what}"), err=True)

    def note(self, what: str) -> None:
        """Print something that the user may not expect."""
        if not self.quiet:
            self._print(one_line(f"note: {what}"), err=True)

    def error(self, line: str) -> None:
        """Print an error."""
        self._print(one_line(line), err=True)

    def advance(self, done: float, total: float | None) -> None:
        """Update the progress bar."""
        if self._progress:
            self._progress.update(self._bar, completed=done, total=total)
        elif self._lines and (line := self._lines.line(done, total)):
            self._print(line, err=True)

    @contextmanager
    def progress(self, what: str) -> Iterator[None]:
        """Show a progress bar inside, if standard error is a terminal."""
        if self._lines:
            self._lines.begin(what)
        if self.quiet or not is_terminal(sys.stderr):
            yield
            return
        from rich.console import Console as Terminal
        from rich.progress import Progress

        with Progress(
            console=Terminal(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
        ) as self._progress:
            self._bar = self._progress.add_task(what, total=None)
            try:
                yield
            finally:
                self._progress = None

    def _print(self, line: str | bytes, *, err: bool) -> None:
        if self._progress and is_terminal(sys.stderr if err else sys.stdout):
            text = line if isinstance(line, str) else line.decode().rstrip("\n")
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)  # above the bar
        else:
            click.echo(line, err=err, nl=isinstance(line, str))


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a standard stream, None where it is closed, is a terminal."""
    return stream is not None and stream.isatty()


class ProgressLines:
    """Progress in words: the first piece of work that is done, then a line every half a minute, and the last."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, what: str) -> None:
        """Begin with work of this name."""
        self._what = what
        self._began = monotonic()
        self._next = 0.0

    def line(self, done: float, total: float | None) -> str:
        """Return what to print now: nothing most of the time."""
        now = monotonic()
        if total is None or done <= 0 or (now < self._next and done < total):
            return ""
        self._next = now + INTERVAL
        left = (now - self._began) * (total - done) / done
        return f"{self._what}: {done:g} of {total:g}" + (f", about {clock(left)} left" if done < total else "")


def clock(seconds: float) -> str:
    """Return a length of time as m:ss or h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
