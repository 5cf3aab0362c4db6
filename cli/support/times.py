"""Times on the command line: seconds, mm:ss or hh:mm:ss."""

import math
from typing import Any

import click


def parse_time(text: str) -> float:
    """Return a time in seconds.

    Parameters
    ----------
    text : str
        Seconds, ``mm:ss`` or ``hh:mm:ss``; the last part may have decimals.

    Raises
    ------
    ValueError
        When it is none of these.
    """
    *larger, seconds = text.strip().split(":")
    if len(larger) > 2 or not all(part.isascii() and part.isdigit() for part in larger):
        raise ValueError(text)
    last = float(seconds)
    if last < 0 or math.isnan(last) or (larger and last >= 60) or (len(larger) == 2 and int(larger[1]) >= 60):
        raise ValueError(text)
    total = 0
    for part in larger:
        total = 60 * total + int(part)
    return 60 * total + last


def clock(seconds: float) -> str:
    """Return a time as ``m:ss`` or ``h:mm:ss``, to the nearest second."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def duration(seconds: float) -> str:
    """Return a length in seconds, with minutes or hours beside it from one minute on."""
    return f"{seconds:.2f} s" + (f" ({clock(seconds)})" if seconds >= 60 else "")


class TimeType(click.ParamType):
    """A time given on the command line, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float | int):
            return float(value)
        try:
            return parse_time(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; give seconds, mm:ss or hh:mm:ss, such as 90, 1:30 or 0:01:30.5")


TIME = TimeType()
