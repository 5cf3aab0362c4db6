"""The manifest of a distributed run: a row for each recording, in Parquet, written while the run goes on.

Parquet files cannot be appended to, so rows are collected in parts below ``manifest/``; at the end of a run they become
``manifest.parquet``. A run that was interrupted reads both, and goes on with what is missing.
"""

import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sottovoce.codec.corpus.parquet import arrow
from sottovoce.codec.corpus.stores import Store
from sottovoce.codec.errors import SottoError

NAME = "manifest.parquet"
PARTS = "manifest/"
SETTINGS = b"sottovoce"
"""Key of the settings of the run in the metadata of the files."""

ROWS, SECONDS = 1000, 20.0
"""Rows, and seconds after the last part, after which a part is written."""


@dataclass(frozen=True)
class ManifestRow:
    """What became of a recording.

    Attributes
    ----------
    path : str
        Its path in the input folder.
    output : str
        Path of the output in its folder.
    status : str
        "done" or "failed".
    message : str
        Why it failed.
    seconds : float
        Length of the recording.
    bytes : int
        Size of the output.
    steps, books : int
        Shape of the codes; 0 where they are not known.
    model : str
        Id of the model in hexadecimal digits.
    sha256 : str
        Of the output.
    """

    path: str
    output: str
    status: str = "done"
    message: str = ""
    seconds: float = 0.0
    bytes: int = 0
    steps: int = 0
    books: int = 0
    model: str = ""
    sha256: str = ""


def is_manifest(name: str) -> bool:
    """Return whether a path in an output folder is that of a manifest or of a part of one."""
    return name == NAME or name.startswith(PARTS)


class Manifest:
    """The rows of a run, in its output folder.

    Parameters
    ----------
    store : Store
        The output folder.
    settings : mapping
        What decides the outputs, as JSON knows it.
    force : bool
        Whether to begin anew, whatever there is.

    Attributes
    ----------
    rows : dict of str to ManifestRow
        By path.
    resumed : bool
        Whether there was a manifest.

    Raises
    ------
    SottoError
        When the manifest is that of a run with other settings.
    """

    def __init__(self, store: Store, settings: Mapping[str, Any], *, force: bool = False) -> None:
        self._pa = arrow()
        self._store = store
        self._settings = json.dumps(settings, sort_keys=True)
        self._new: list[ManifestRow] = []
        self._count, self._last = 0, time.monotonic()
        self.rows: dict[str, ManifestRow] = {}
        names = self._files()
        self.resumed = bool(names) and not force
        if force:
            self._remove(names)
        else:
            for name in names:
                self._read(name)
        if not self.resumed:
            self._write(self._part(), [])  # from now on, outputs that exist are of this run

    def has(self, path: str) -> bool:
        """Return whether a recording was converted."""
        return path in self.rows and self.rows[path].status == "done"

    def add(self, rows: Iterable[ManifestRow]) -> None:
        """Add rows, and write a part if it is time."""
        for row in rows:
            self.rows[row.path] = row
            self._new.append(row)
        if len(self._new) >= ROWS or time.monotonic() - self._last > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the new rows."""
        if self._new:
            self._write(self._part(), self._new)
            self._new = []
        self._last = time.monotonic()

    def close(self) -> None:
        """Write all rows in one file, in the order of their paths, and remove the parts."""
        self.flush()
        parts = [name for name in self._files() if name != NAME]
        self._write(NAME, [self.rows[path] for path in sorted(self.rows)])
        self._remove(parts)

    def _files(self) -> list[str]:
        parts = [f"{PARTS}{name}" for name in Store(self._store.shown(PARTS[:-1]), self._store.options).sizes()]
        return [*([NAME] if self._store.exists(NAME) else []), *sorted(parts)]

    def _part(self) -> str:
        self._count += 1
        return f"{PARTS}{time.time_ns():020d}-{self._count:06d}.parquet"

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._store.remove(name)

    def _write(self, name: str, rows: list[ManifestRow]) -> None:
        pa, data = self._pa, io.BytesIO()
        kinds = {str: pa.string(), float: pa.float64(), int: pa.int64()}
        schema = pa.schema([(one.name, kinds[one.type]) for one in fields(ManifestRow)], {SETTINGS: self._settings})  # type: ignore[index]
        pa.parquet.write_table(pa.Table.from_pylist([asdict(row) for row in rows], schema), data)
        self._store.write(name, data.getvalue())

    def _read(self, name: str) -> None:
        try:
            table = self._pa.parquet.read_table(io.BytesIO(self._store.read(name)))
            settings = (table.schema.metadata or {})[SETTINGS].decode()
            rows = [ManifestRow(**row) for row in table.to_pylist()]
        except (self._pa.ArrowException, KeyError, TypeError, ValueError) as error:
            remedy = "remove it, or begin anew with -f"
            raise SottoError("is no manifest of this version", remedy, self._store.shown(name)) from error
        if settings != self._settings:
            remedy = "choose another output, or begin anew with -f"
            raise SottoError("is of a run with other settings", remedy, self._store.shown(name))
        self.rows |= {row.path: row for row in rows}
