"""What the readers of corpora share."""

import csv
from collections.abc import Iterator
from pathlib import Path

from sottovoce.codec.errors import SottoError, error_context

Row = dict[str, str]
"""A recording: path relative to the folder, and what is known of it."""


def existing(folder: Path, *places: str) -> Path:
    """Return the first of these places in a folder that exists.

    Raises
    ------
    SottoError
        When none does.
    """
    for place in places:
        if (folder / place).exists():
            return folder / place
    raise SottoError(f"without {places[0]}", "name the folder of the corpus, unpacked", str(folder))


def lines(path: Path) -> list[str]:
    """Return the lines of a text; none if it does not exist."""
    if not path.exists():
        return []
    with error_context(str(path)):
        return path.read_text(encoding="utf-8").splitlines()


def table(path: Path, separator: str) -> Iterator[Row]:
    """Yield the rows of a table with a header, without quotes."""
    yield from csv.DictReader(lines(path), delimiter=separator, quoting=csv.QUOTE_NONE)


def relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder."""
    return path.relative_to(folder).as_posix()
