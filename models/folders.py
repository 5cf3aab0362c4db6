"""Folders, with the folders in them and those that are linked from them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Folder:
    """What is in a folder, without hidden files.

    Attributes
    ----------
    path : str
    files : list of str
        Names of the files, and of links to nothing, in order.
    special : list of str
        Names of pipes, sockets and devices, in which a program that opens them would wait.
    below : list of str
        Paths of the folders in it.
    """

    path: str
    files: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


def walk(
    top: str, on_error: Callable[[OSError], None], enter: Callable[[str], bool] = lambda path: True
) -> Iterator[Folder]:
    """Yield a folder and those below it, each once, in order of their names.

    Folders that are linked come after those that are not, so that a folder has its own path where it has one.

    Parameters
    ----------
    top : str
    on_error : callable
        Called with the error of each folder that cannot be read; the others are yielded.
    enter : callable
        Tells of a path whether to look into that folder.
    """
    seen: set[tuple[int, int]] = set()
    linked = [top]
    while linked:
        waiting = [linked.pop(0)]
        while waiting:
            path = waiting.pop()
            try:
                status = os.stat(path)
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                folder, links = _read(path)
            except OSError as error:
                on_error(error)
                continue
            yield folder
            waiting += [below for below in reversed(folder.below) if below not in links and enter(below)]
            linked += [below for below in links if enter(below)]


def _read(path: str) -> tuple[Folder, list[str]]:
    """Return a folder, and which of the folders below are linked."""
    folder, links = Folder(path), []
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                folder.below.append(entry.path)
                if entry.is_symlink():
                    links.append(entry.path)
            elif _is_special(entry):
                folder.special.append(entry.name)
            else:
                folder.files.append(entry.name)
    return folder, links


def _is_special(entry: os.DirEntry[str]) -> bool:
    try:
        return not stat.S_ISREG(entry.stat().st_mode)
    except OSError:  # a link to nothing, of which whoever opens it tells the user
        return False
