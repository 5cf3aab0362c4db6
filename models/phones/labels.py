"""Phone inventory of English, and conversion of phone sequences."""

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
"""Number of the blank class of CTC."""
CLASSES = BLANK + 1
PHONE_IDS = {name: number for number, name in enumerate(PHONES)}


def parse_alignment(text: str) -> list[tuple[str, int, int]]:
    """Parse an alignment "NAME:first:end NAME:first:end ..." in frames of 10 ms; stress marks (AH0) are dropped.

    Returns
    -------
    list of (str, int, int)
        Phone, first frame, and frame after the last.

    Raises
    ------
    ValueError
        If the text is not an alignment of English phones.
    """
    found = []
    for part in text.split():
        name, first, end = part.split(":")
        name = name.rstrip("012")
        if name != SILENCE and name not in PHONE_IDS:
            raise ValueError(f"{name} is not an English phone")
        found.append((name, int(first), int(end)))
    return found


def phone_ids(names: Iterable[str]) -> list[int]:
    """Numbers of phones by name, without silence; raises ValueError for an unknown name."""
    phones = [name for name in names if name != SILENCE]
    if strange := sorted(set(phones) - PHONE_IDS.keys()):
        raise ValueError(f"{strange[0]} is not an English phone")
    return [PHONE_IDS[name] for name in phones]


def collapse(classes: Iterable[int]) -> list[int]:
    """Phones from the best class of each frame: merge repetitions, remove blanks (Graves et al. 2006, eq. 2)."""
    return [number for number, _ in groupby(classes) if number != BLANK]
