"""What a live command shows while it runs, on a terminal, and says when it ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sottovoce.cli.support.console import is_terminal

BAR = 20
_QUIETEST = -60.0  # dB of an empty bar


def level_bar(peak: float) -> str:
    """Draw a peak of full scale 1 as a bar of 60 dB."""
    decibels = 20 * np.log10(max(peak, 1e-6))
    filled = int(np.clip(round(BAR * (1 - decibels / _QUIETEST)), 0, BAR))
    return "█" * filled + "·" * (BAR - filled)


def in_words(facts: dict[str, Any]) -> str:
    """Return meters as a line, such as ``12.4 s | 640 bit/s | latency 241 ms``."""
    return " | ".join(_WORDS[name].format(value) for name, value in facts.items() if value is not None)


_WORDS = {
    "seconds": "{:.1f} s",
    "bit_rate": "{:.0f} bit/s",
    "encode": "encoding {:.0%}",
    "decode": "decoding {:.0%}",
    "latency": "latency {:.0f} ms",
    "lost": "{} lost",
    "late": "{} late",
    "recovered": "{} recovered",
    "concealed": "{} concealed",
    "underruns": "{} underruns",
    "overflows": "{} overflows",
}


@contextmanager
def meters(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give what shows a line in place of the one before, where somebody can see it."""
    if quiet or not is_terminal(sys.stderr):
        yield lambda line: None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        yield lambda line: live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
