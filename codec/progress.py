"""Progress of long work, for commands and programs."""

from collections.abc import Callable

Tick = Callable[[float, float | None], None]
"""Called now and then with the seconds of speech that are done, and with their total where that is known."""


def no_tick(seconds: float, total: float | None) -> None:
    """Do nothing."""
