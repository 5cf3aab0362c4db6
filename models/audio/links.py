"""Links: the recordings that one file contains, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sottovoce.models.audio.view import Piece


@dataclass(frozen=True)
class ChainLink:
    """A recording inside a file: most files have one, chained and concatenated files several.

    Parameters
    ----------
    pieces : sequence of Piece
        What to read, with a repaired header where the file's own is wrong. Empty for the whole file as it is.
    kind : str
        Format, for messages.
    """

    pieces: Sequence[Piece] = ()
    kind: str = ""


@dataclass
class FoundLinks:
    """The links of a file.

    Parameters
    ----------
    links : list of ChainLink
    warnings : list of str
        What is missing or wrong, a line each.
    """

    links: list[ChainLink] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
