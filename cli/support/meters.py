"""Meters of live commands: one line that is refreshed on a terminal, and printed at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sottovoce.cli.support.console import Console, is_terminal

BAR = 20
"""Characters of the level bar."""

_QUIETEST = -60.0  # dBFS of an empty bar


def level_bar(peak: float) -> str:
    """Return a bar of 60 dB for a peak of full scale 1."""
    decibels = 20 * np.log10(max(peak, 1e-6))
    filled = int(np.clip(round(BAR * (1 - decibels / _QUIETEST)), 0, BAR))
    return "█" * filled + "·" * (BAR - filled)


def meter_line(values: dict[str, Any]) -> str:
    """Return meters as a line, such as ``12.4 s | 640 bit/s | latency 241 ms``."""
    return " | ".join(
        _FORMATS[name].format(value, plural="" if value == 1 else "s")
        for name, value in values.items()
        if value is not None and name in _FORMATS
    )


def ratio(part: float, whole: float) -> float:
    """Return part / whole, or 0 where there is nothing yet."""
    return part / whole if whole else 0.0


# What goes wrong comes first: narrow terminals cut the line at its end.
_FORMATS = {
    "seconds": "{:.1f} s",
    "bit_rate": "{:.0f} bit/s",
    "lost": "{} lost",
    "concealed": "{} concealed",
    "late": "{} late",
    "recovered": "{} recovered",
    "unsent": "{} unsent",
    "underruns": "{} underrun{plural}",
    "overflows": "{} overflow{plural}",
    "latency_ms": "latency {:.0f} ms",
    "encode_rtf": "encoding {:.0%}",
    "decode_rtf": "decoding {:.0%}",
}


@contextmanager
def meters(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that replaces the line on a terminal; it does nothing where there is none."""
    if quiet or not is_terminal(sys.stderr):
        yield lambda line: None
        return
    from rich.console import Console as Terminal
    from rich.live import Live
    from rich.text import Text

    with Live(console=Terminal(stderr=True), transient=True, auto_refresh=False) as live:
        yield lambda line: live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)


def print_meters(values: dict[str, Any], console: Console) -> None:
    """Print the last values as a result, or as JSON."""
    console.result(meter_line(values))
    console.document(values)


class OneWarning:
    """Prints a warning once.

    Parameters
    ----------
    warn : callable
        `Console.warn`.
    """

    def __init__(self, warn: Callable[[str, str], None]) -> None:
        self._warn = warn
        self._done: set[str] = set()

    def __call__(self, condition: object, name: str, text: str) -> None:
        """Warn about `name` where the condition is true for the first time."""
        if condition and text not in self._done:
            self._done.add(text)
            self._warn(name, text)
