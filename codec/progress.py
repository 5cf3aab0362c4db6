"""How commands and programs learn how far the work is."""

from collections.abc import Callable

Tick = Callable[[float, float | None], None]
"""Told now and then how many seconds of speech are done, and of how many, where that is known."""


def no_tick(seconds: float, total: float | None) -> None:
    """Tell nobody."""
