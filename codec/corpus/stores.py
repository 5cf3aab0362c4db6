"""Files in folders of any kind of store, through the package fsspec: local paths, s3://, gs://, http://, memory://."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sottovoce.codec.errors import SottoError, from_os_error
from sottovoce.models.files import replace

LOCAL = ("file", "local")


@dataclass(frozen=True)
class Store:
    """A folder, on this machine or anywhere else.

    Parameters
    ----------
    url : str
        Path or URL of the folder.
    options : mapping
        Options of the file system, such as ``{"anon": True}``.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def _open(self) -> tuple[Any, str]:
        """Return the file system and the path of the folder in it."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise SottoError("distributed runs need the package fsspec", "pip install 'sottovoce[cluster]'") from error
        try:
            system, root = url_to_fs(os.path.abspath(self.url) if "://" not in self.url else self.url, **self.options)
        except (ImportError, ValueError) as error:
            raise SottoError(str(error), "install what its file system needs, or check the URL", self.url) from error
        return system, root.rstrip("/")

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each file in the folder and below, by its path there; of unknown ones 0.

        Hidden files and folders are left out. There are none in a folder that does not exist.
        """
        system, root = self._open()
        try:
            found = system.find(root, detail=True)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise from_os_error(error, self.url) from error
        sizes = {name[len(root) :].lstrip("/"): int(facts.get("size") or 0) for name, facts in found.items()}
        return {name: sizes[name] for name in sorted(sizes) if name and not any(p[:1] == "." for p in name.split("/"))}

    def exists(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        system, root = self._open()
        return bool(system.isfile(f"{root}/{name}"))

    def read(self, name: str) -> bytes:
        """Return the contents of a file."""
        system, root = self._open()
        data: bytes = system.cat_file(f"{root}/{name}")
        return data

    @contextmanager
    def local(self, name: str) -> Iterator[str]:
        """Give the path of a file on this machine: its own, or that of a temporary copy."""
        system, root = self._open()
        if _is_local(system):
            yield f"{root}/{name}"
            return
        with tempfile.TemporaryDirectory(prefix="sotto-") as folder:
            copy = os.path.join(folder, f"copy{os.path.splitext(name)[1]}")
            system.get_file(f"{root}/{name}", copy)
            yield copy

    def write(self, name: str, data: bytes) -> None:
        """Write a file, which gets its name when it is complete, and replaces any other.

        Object stores do that by themselves: an object appears when its upload has ended.
        """
        system, root = self._open()
        path = f"{root}/{name}"
        system.makedirs(system._parent(path), exist_ok=True)
        if _is_local(system):
            with replace(Path(path), force=True) as file:
                file.write(data)
        else:
            system.pipe_file(path, data)

    def remove(self, name: str) -> None:
        """Remove a file."""
        system, root = self._open()
        system.rm_file(f"{root}/{name}")

    def shown(self, name: str) -> str:
        """Return the path or URL of a file for messages."""
        return f"{self.url.rstrip('/')}/{name}"


def _is_local(system: Any) -> bool:
    protocol = system.protocol
    return any(one in LOCAL for one in ((protocol,) if isinstance(protocol, str) else protocol))
