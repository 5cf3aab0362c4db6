"""The files that are named, and those in the folders that are named."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sottovoce.codec.errors import SottoError, from_os_error
from sottovoce.codec.io.files import STANDARD
from sottovoce.models.folders import walk

SPECIAL = "pipe, socket or device"


@dataclass
class Search:
    """Finds files.

    Parameters
    ----------
    wanted : frozenset of str
        Suffixes of the files to take from folders.
    recursive : bool
        Whether to take the folders below a folder too, and those that are linked there, each once.
    note : callable
        Called with what the user may not expect.

    Attributes
    ----------
    unreadable : list of SottoError
        Folders that cannot be read.
    ignored : Counter of str
        Number of files in the folders that are of another kind, by suffix.
    """

    wanted: frozenset[str]
    recursive: bool
    note: Callable[[str], None]
    unreadable: list[SottoError] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def files_of(self, inputs: Sequence[str]) -> list[str]:
        """Return the files of all inputs; raise SottoError where there is none."""
        files = [source for name in inputs for source, _ in self.found(name)]
        if not files and self.unreadable:
            raise self.unreadable[0]
        return files

    def found(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the files of an input, each with its path as seen from there.

        Raises
        ------
        SottoError
            When it is a folder without such files.
        """
        if not os.path.isdir(name):
            yield name, "stdin" if name == STANDARD else os.path.basename(name)
            return
        unreadable = len(self.unreadable)
        empty = True
        for folder in walk(name, self._on_error):
            if folder.special:
                self.ignored[SPECIAL] += len(folder.special)
            for file in folder.files:
                suffix = os.path.splitext(file)[1].lower()
                if suffix not in self.wanted:
                    self.ignored[suffix or "without a suffix"] += 1
                    continue
                empty = False
                source = os.path.join(folder.path, file)
                yield source, os.path.relpath(source, name)
            if not self.recursive:
                self._mind(folder.below, name, empty=empty)
                break
        if empty and len(self.unreadable) == unreadable:
            suffixes = " ".join(sorted(self.wanted))
            raise SottoError("no such files in it", f"the suffixes looked for are {suffixes}", name)

    def _mind(self, below: Sequence[str], name: str, *, empty: bool) -> None:
        """Tell the user of folders that are left out."""
        if below and empty:
            raise SottoError("no such files in it", "add -r for the folders in it", name)
        if below:
            self.note(f"{name}: the folders in it are left out; add -r to take them too")

    def _on_error(self, error: OSError) -> None:
        self.unreadable.append(from_os_error(error, str(error.filename)))
