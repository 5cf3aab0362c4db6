"""What `sotto train` prints: a first line for each stage, a bar or lines of progress, and where the results are."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Self

import click

from sottovoce.cli.support.console import INTERVAL, Console, clock

_BAR = 0.5
"""Seconds between two changes of the bar's figures."""


class TrainingProgress:
    """Watches a training run, and leaves CSV, pictures and examples in its folder.

    Parameters
    ----------
    console : Console
        Prints notes.
    config : str
        The configuration, as the user named it.
    tensorboard : bool
        Whether figures are written for TensorBoard.
    """

    def __init__(self, console: Console, config: str, *, tensorboard: bool) -> None:
        self._console, self._config, self._tensorboard = console, config, tensorboard
        self._facts: dict[str, Any] = {}
        self._began = self._shown = 0.0
        self._first = 0
        self._bar: Any = None
        self._board: Any = None
        self._weights: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._stop()
        if error is not None and self._facts:
            self._leave_curves()
            if isinstance(error, KeyboardInterrupt) and (Path(self._facts["out"]) / "checkpoint.pt").exists():
                self._console.note(f"the last checkpoint is in {self._facts['out']}; --resume continues from it")

    def begin(self, facts: dict[str, Any]) -> None:
        """Print what a stage is about, and begin the bar."""
        self._facts = facts
        self._began = self._shown = monotonic()
        self._first = -1
        click.echo(first_line(facts))
        if self._tensorboard:
            self._board = _board(Path(facts["out"]), self._console)
        if sys.stderr.isatty():
            self._bar = _bar(facts)
            self._bar.start()

    def step(self, done: int, figures: Mapping[str, Any]) -> None:
        """Show how far it is."""
        now = monotonic()
        if self._first < 0:
            self._first, self._began = done, now  # the first step is slower than the others
            self._shown = now - INTERVAL  # and worth a line: it tells that all works
        if now - self._shown < (_BAR if self._bar else INTERVAL):
            return
        self._shown = now
        loss = float(figures["loss"])
        speed = (done - self._first) / (now - self._began) if now > self._began and done > self._first else 0.0
        left = clock((self._facts["steps"] - done) / speed) if speed else "?"
        if self._bar:
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=done, loss=f"{loss:.4g}", speed=f"{speed:.2f}", left=left)
        else:
            rate = f"{speed:.2f} steps/s, {left} left" if speed else "first step done"
            click.echo(f"step {done} of {self._facts['steps']}: loss {loss:.4g}, {rate}")

    def log(self, entry: dict[str, Any]) -> None:
        """Print an entry of the log."""
        keys = [key for key in entry if "/" not in key and key not in ("gradient_norm", "step", "seconds")]
        line = f"{entry['step']:7d} {entry['seconds']:8.1f}s  " + "  ".join(f"{key} {entry[key]:.4g}" for key in keys)
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line)
        if self._board:
            self._board.add(entry)

    def end(self, weights: str) -> None:
        """Print where the weights are, and leave curves and examples beside them."""
        self._stop()
        self._weights.append(weights)
        click.echo(f"weights: {weights}")
        self._leave_curves()
        self._leave_examples(Path(weights).parent)

    def print_next(self) -> None:
        """Print the command that comes next."""
        if self._weights:
            click.echo(f"next: {next_command(self._facts, self._weights[-1])}")

    def _stop(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None
        if self._board:
            self._board.close()
            self._board = None

    def _leave_curves(self) -> None:
        from sottovoce.models.training import curves

        folder = Path(self._facts["out"])
        written = [path.name for path in (curves.write_csv(folder), curves.draw_curves(folder)) if path]
        if written:
            click.echo(f"log: {folder}: {', '.join(written)}")
        if "log.csv" in written and "curves.png" not in written:
            self._console.note("there are no loss curves without matplotlib: pip install 'sottovoce[train]'")

    def _leave_examples(self, folder: Path) -> None:
        if self._facts["task"] not in ("spectrum", "decoder", "joint"):
            return
        from sottovoce.codec.evaluation.training_examples import write_examples

        try:
            written = write_examples(folder)
        except Exception as error:  # of any kind: the training is done, and its results are safe
            self._console.note(f"no examples could be made: {' '.join(str(error).split())}")
            return
        if written:
            click.echo(f"examples: {', '.join(map(str, written))}")


def first_line(facts: Mapping[str, Any]) -> str:
    """Return what a stage is about."""
    each = f" x {facts['seconds_each']:g} s" if facts.get("seconds_each") else ""
    speech = facts["speech"]
    spoken = ""
    if "hours" in speech:
        of = f"{speech['recordings']} recordings, {speech['speakers']} speaker{'s' * (speech['speakers'] != 1)}"
        spoken = f"\n  speech: {speech['hours']:g} h ({of}) from {speech['shards']}"
    all_of = facts["parameters"]
    of_all = f" of {all_of:,}" if all_of != facts["trained_parameters"] else ""
    trained = f"{facts['trained_parameters']:,}{of_all} parameters are trained"
    return (
        f"stage {facts['stage']} ({facts['number']} of {facts['stages']}): {facts['steps']:,} steps of "
        f"{facts['batch']}{each} on {facts['device']}; {trained}{spoken}"
    )


def next_command(facts: Mapping[str, Any], weights: str) -> str:
    """Return the command that uses the weights of the last stage."""
    folder = Path(weights).parent
    if facts["task"] == "family":
        return f"sotto compare RECORDINGS -o report --families {weights}"
    if facts["task"] == "phones":
        return f"sotto export {folder} -o NAME"
    if facts["number"] < facts["stages"]:
        return "the next stage, with --stage"
    return f"sotto export {folder} -o NAME, then sotto encode talk.wav --model NAME.safetensors"


def _bar(facts: Mapping[str, Any]) -> Any:
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}  {task.fields[speed]} steps/s  {task.fields[left]} left"),
    ]
    bar = Progress(
        *columns, console=Terminal(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    )
    bar.add_task(facts["stage"], total=facts["steps"], loss="?", speed="?", left="?")
    return bar


def _board(folder: Path, console: Console) -> Any:
    from sottovoce.models.training.curves import TensorBoard

    try:
        return TensorBoard(folder)
    except ImportError:
        console.note("nothing is written for TensorBoard: pip install tensorboard")
        return None
