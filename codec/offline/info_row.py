"""Facts about single blocks of a file."""

from typing import NamedTuple


class Row(NamedTuple):
    """Facts about a block or packet.

    Attributes
    ----------
    file : int
        In which of several files in one, counted from 1.
    number : int
        Counted from 0 in each file.
    start : float
        Seconds from the start of that file.
    steps : int
    bytes : int or None
        All that it takes there, or took before it was lost; None when it is damaged.
    restored : bool
        Whether it was lost, and restored by what protects it.
    """

    file: int
    number: int
    start: float
    steps: int
    bytes: int | None
    restored: bool


def ignore(row: Row) -> None:
    """Do nothing with the facts about a block."""
