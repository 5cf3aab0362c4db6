"""Files that are complete when they have their name, and that replace nothing by accident."""

from __future__ import annotations

import io
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART_PREFIX, PART_SUFFIX = ".sotto-", ".part"
"""Temporary names. They are short, so that a name of any length that is allowed has one."""
_YOUNG = 10.0
"""Age in seconds up to which a temporary file may not be locked yet."""
_SWEPT: set[Path] = set()


class Unfinished(FileExistsError):
    """A file got its name while another one of the name was made."""


class _DirectWriter(io.RawIOBase):
    """Writes at once and completely, so that nothing waits in a buffer when the disk is full or the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.name = descriptor

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def truncate(self, size: int | None = None) -> int:
        os.ftruncate(self._descriptor, self.tell() if size is None else size)
        return self.tell() if size is None else size

    def write(self, data) -> int:  # type: ignore[no-untyped-def, override]
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            done += os.write(self._descriptor, view[done:])
        return done


@contextmanager
def create(target: Path) -> Iterator[BinaryIO]:
    """Write a new file under its name from the start; it is kept unless nothing was written.

    Raises
    ------
    Unfinished
        When there is one already.
    """
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except FileExistsError as error:
        raise Unfinished(*error.args) from error
    try:
        yield cast("BinaryIO", _DirectWriter(descriptor))
    finally:
        empty = not os.fstat(descriptor).st_size
        with suppress(OSError):  # of file systems that cannot
            os.fsync(descriptor)
        os.close(descriptor)
        if empty:
            target.unlink(missing_ok=True)


@contextmanager
def replace(target: Path, *, force: bool = True, keep: bool = False) -> Iterator[BinaryIO]:
    """Write a file under a temporary name, and give it its own when it is complete and on the disk.

    Parameters
    ----------
    target : Path
        Its folder exists. A file that is replaced gives it its mode and, where that is allowed, its owner.
    force : bool
        Whether a file of that name is replaced.
    keep : bool
        Whether what was written is kept when something goes wrong inside.

    Raises
    ------
    Unfinished
        When there is one already that must not be replaced.
    """
    complete = False
    part = target.with_name(f"{PART_PREFIX}{secrets.token_hex(6)}{PART_SUFFIX}")
    sweep(target.parent)
    try:
        try:
            with open(part, "xb", buffering=-1) as plain:
                _lock(plain.fileno())
                try:
                    yield cast("BinaryIO", _DirectWriter(plain.fileno())) if keep else plain
                    complete = True
                finally:
                    if complete or keep:
                        _settle(plain, target)
        except BaseException:
            if keep and part.exists() and part.stat().st_size:
                _name(part, target, force)
            raise
        _name(part, target, force)
    finally:
        part.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files whose processes ended without doing it, as by SIGKILL; once in each process."""
    if folder in _SWEPT:
        return
    _SWEPT.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PART_PREFIX) and entry.name.endswith(PART_SUFFIX) and _is_stale(entry):
                with suppress(OSError):
                    os.unlink(entry.path)


def _is_stale(entry: os.DirEntry[str]) -> bool:
    """Return whether no process writes to a temporary file any more."""
    try:
        if time.time() - entry.stat(follow_symlinks=False).st_mtime < _YOUNG:
            return False
        if fcntl is None:
            return True  # a file that is open is not removed there
        descriptor = os.open(entry.path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            return _lock(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed, or its process ends in whatever way; return whether no other process had."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # also of file systems that have no locks
        return False
    return True


def _settle(file: BinaryIO, target: Path) -> None:
    """Bring a file to the disk, with the mode and owner of the one that it replaces."""
    file.flush()
    with suppress(OSError):
        before = target.stat()
        if hasattr(os, "fchown") and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(OSError):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
    with suppress(OSError):
        os.fsync(file.fileno())


def _name(part: Path, target: Path, force: bool) -> None:
    """Give a temporary file its name; without `force`, only where no other file has it."""
    if force:
        os.replace(part, target)
    elif os.name == "nt":
        part.rename(target)  # refuses there
    else:
        try:
            os.link(part, target)
        except FileExistsError as error:
            raise Unfinished(*error.args) from error
        except OSError:  # a file system without links: claim the name first
            try:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError as error:
                raise Unfinished(*error.args) from error
            os.replace(part, target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
