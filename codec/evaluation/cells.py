"""Cells and rows of Markdown tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NOTHING = "–"


def titled(metric: Mapping[str, Any]) -> str:
    """Return the title of a metric, and an arrow in the direction that is better."""
    return f"{metric['title']} {'↑' if metric['better'] == 'more' else '↓'}"


def number(value: float | None, unit: float = 1) -> str:
    """Return a whole number of units."""
    return NOTHING if value is None else f"{value / unit:.0f}"


def mean(figure: Mapping[str, float] | None, digits: int) -> str:
    """Return a mean with its interval; a single recording has none."""
    if figure is None:
        return NOTHING
    alone = figure["count"] == 1
    return ("{mean:.{d}f}" if alone else "{mean:.{d}f} [{low:.{d}f}, {high:.{d}f}]").format(**figure, d=digits)


def header(cells: Sequence[str]) -> Iterator[str]:
    """Yield the head of a table whose first column is text."""
    yield row(cells)
    yield row(["---"] + ["---:"] * (len(cells) - 1))


def row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
