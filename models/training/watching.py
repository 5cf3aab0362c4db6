"""What a training run tells while it goes on."""

from __future__ import annotations

from typing import Any, Protocol


class Watcher(Protocol):
    """Learns how a run goes on; `Silent` does nothing with it."""

    def begin(self, facts: dict[str, Any]) -> None:
        """A stage begins: see `run.stage_facts`."""

    def step(self, done: int, figures: dict[str, Any]) -> None:
        """So many steps are done; `figures` of the last one may be tensors on the device."""

    def log(self, entry: dict[str, Any]) -> None:
        """There is a new entry in the log."""

    def end(self, weights: str) -> None:
        """A stage ended, with its weights in this file."""


class Silent:
    """Tells nobody."""

    def begin(self, facts: dict[str, Any]) -> None:
        """Do nothing."""

    def step(self, done: int, figures: dict[str, Any]) -> None:
        """Do nothing."""

    def log(self, entry: dict[str, Any]) -> None:
        """Do nothing."""

    def end(self, weights: str) -> None:
        """Do nothing."""
