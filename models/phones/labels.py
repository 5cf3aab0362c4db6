"""The phones of English, and sequences of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

# ARPAbet without stress, as in the CMU Pronouncing Dictionary
# fmt: off
PHONES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY",
    "F", "G", "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY",
    "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)
# fmt: on
SILENCE = "SIL"
BLANK = len(PHONES)
"""The class that says nothing."""
CLASSES = BLANK + 1
NUMBERS = {name: number for number, name in enumerate(PHONES)}


def parse_alignment(text: str) -> list[tuple[str, int, int]]:
    """Phones of "NAME:first:end NAME:first:end ...", in frames of 10 ms, without the stress (AH0) that it may tell.

    Raises
    ------
    ValueError
        Where it is none.
    """
    found = []
    for part in text.split():
        name, first, end = part.split(":")
        name = name.rstrip("012")
        if name != SILENCE and name not in NUMBERS:
            raise ValueError(f"no phone of English: {name}")
        found.append((name, int(first), int(end)))
    return found


def numbers(names: Iterable[str]) -> list[int]:
    """Numbers of phones by their names, silence left out; raises ValueError for other names."""
    said = [name for name in names if name != SILENCE]
    if strange := sorted(set(said) - NUMBERS.keys()):
        raise ValueError(f"no phone of English: {strange[0]}")
    return [NUMBERS[name] for name in said]


def collapse(classes: Iterable[int]) -> list[int]:
    """Best classes of successive frames -> phones: repetitions are one, blanks none (Graves et al. 2006, eq. 2)."""
    return [number for number, _ in groupby(classes) if number != BLANK]
