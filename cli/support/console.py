"""What a command says: results on standard output, the rest on standard error, progress on a terminal only."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


class Console:
    """Says things, and shows how far the work is where somebody can see it.

    Parameters
    ----------
    quiet : bool
        Whether only warnings and errors are said.
    as_json : bool
        Whether results are said as JSON.

    Attributes
    ----------
    results_aside : bool
        Whether results go to standard error, because standard output carries the output itself.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self._quiet = quiet
        self._json = as_json
        self.results_aside = False
        self._progress: Any = None
        self._bar: Any = None

    def result(self, line: str) -> None:
        """Say a result, in words."""
        if not (self._quiet or self._json):
            self._say(line, err=self.results_aside)

    def document(self, value: Any) -> None:
        """Say a result, as JSON where that was asked for."""
        if self._json:
            self._say(json.dumps(value, ensure_ascii=False), err=self.results_aside)

    def warn(self, file: str, what: str) -> None:
        """Say what the user should know."""
        self._say(f"warning: {file}: {what}", err=True)

    def note(self, what: str) -> None:
        """Say what the user may not expect."""
        if not self._quiet:
            self._say(f"note: {what}", err=True)

    def error(self, line: str) -> None:
        """Say what failed."""
        self._say(line, err=True)

    def advance(self, done: float, total: float | None) -> None:
        """Show how far the work is."""
        if self._progress:
            self._progress.update(self._bar, completed=done, total=total)

    @contextmanager
    def progress(self, what: str) -> Iterator[None]:
        """Show progress inside, on a terminal."""
        if self._quiet or not sys.stderr.isatty():
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

    def _say(self, line: str, *, err: bool) -> None:
        if self._progress and (sys.stderr if err else sys.stdout).isatty():
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)  # above the bar
        else:
            click.echo(line, err=err)
