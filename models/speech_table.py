"""Tables of recordings and their speakers: CSV files, as spreadsheets and programs write them.

All commands read them here. The first line names the columns, in any order: `path` and, where they are known,
`speaker`, `corpus`, `gender`, `age`, `language` and `text`.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sottovoce.models.errors import SottoError

ALIGNMENTS = "alignments.csv"
"""Name of the table of phone alignments: columns `path` and `phones`."""

ADULT_AGE = 16
"""Age in years from which a speaker counts as an adult."""

_SEPARATORS = ",;\t"


class MissingColumn(SottoError):
    """A table lacks a column."""


def read_table(path: Path | str, *needed: str) -> list[dict[str, str]]:
    """Read the rows of a table.

    The text may be UTF-8, with or without a byte order mark, UTF-16 with one, or Windows-1252; the separator a comma, a
    semicolon or a tab.

    Parameters
    ----------
    path : Path or str
        The table.
    *needed : str
        Columns that it must have, in lower case. In each row, `path` must not be empty.

    Returns
    -------
    list of dict of str to str
        Values by column, in lower case, without surrounding spaces.

    Raises
    ------
    MissingColumn
        When a column is missing.
    SottoError
        When it is not a table, or a row is incomplete.
    OSError
        When it cannot be read.
    """
    lines = io.StringIO(_decoded(Path(path).read_bytes(), str(path)), newline="")
    first = lines.readline()
    lines.seek(0)
    separator = max(_SEPARATORS, key=first.count) if any(one in first for one in _SEPARATORS) else ","
    reader = csv.reader(lines, delimiter=separator)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        for column in needed:
            if column not in header:
                raise MissingColumn(f"has no column {column!r}", "name the columns in its first line", str(path))
        return list(_rows(reader, header, str(path)))
    except csv.Error as error:
        raise SottoError(f"is no table ({error})", "give a CSV file", str(path)) from error


def _decoded(data: bytes, path: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise SottoError("is no table (it is not text)", "give a CSV file", path)
    return text


def _rows(reader: Any, header: list[str], path: str) -> Iterator[dict[str, str]]:
    for values in reader:
        line = reader.line_num
        if not any(value.strip() for value in values):
            continue
        if len(values) < len(header):
            what = f"line {line} has {len(values)} of {len(header)} columns"
            raise SottoError(what, "complete it", path)
        row = {name: value.strip() for name, value in zip(header, values, strict=False)}
        if not row.get("path", "-"):
            raise SottoError(f"line {line} isn't complete", "fill in path", path)
        yield row


def find_recording(name: str, folders: Iterable[Path]) -> Path | None:
    """Find the recording that a row names.

    Parameters
    ----------
    name : str
        Its `path`: absolute, or relative to one of the folders; separated by slashes or backslashes.
    folders : iterable of Path
        Folders to try in this order.

    Returns
    -------
    Path or None
        None when there is no such file.
    """
    for spelling in dict.fromkeys((name, name.replace("\\", "/"))):
        for folder in folders:
            if (path := folder / spelling).is_file():
                return path
    return None


def known_speaker(name: str) -> str:
    """Return the name of a speaker, or "" for "unknown" and "spk_unknown", which corpora use for no particular one."""
    return "" if name.removeprefix("spk_") in ("", "unknown") else name


def is_child(age: str) -> bool | None:
    """Return whether an age in years is that of a child; None when it is not known."""
    try:
        years = float(age)
    except ValueError:
        return None
    return None if math.isnan(years) else years < ADULT_AGE


def read_speakers(table: Path, folder: Path) -> dict[Path, str]:
    """Read who speaks in the recordings of a folder.

    Parameters
    ----------
    table : Path
        Has the columns `path`, relative to the table or to the folder, and `speaker`.
    folder : Path
        Folder of the recordings.

    Returns
    -------
    dict of Path to str
        Speakers by resolved path.

    Raises
    ------
    SottoError
        When it is not such a table, or lists recordings that do not exist.
    """
    rows = read_table(table, "path", "speaker")
    found = {row["path"]: find_recording(row["path"], (table.parent, folder)) for row in rows}
    if missing := [name for name, path in found.items() if path is None]:
        what = f"{len(missing)} of {len(found)} recordings in it do not exist, such as {missing[0]}"
        raise SottoError(what, "give paths relative to the table or to the folder", str(table))
    return {path.resolve(): row["speaker"] for row in rows if (path := found[row["path"]]) is not None}


def read_alignments(directory: Path) -> dict[Path, str]:
    """Read the phones of recordings from the nearest `alignments.csv` in a folder or above it.

    Parameters
    ----------
    directory : Path
        Folder of recordings.

    Returns
    -------
    dict of Path to str
        "NAME:first:end ..." in frames of 10 ms, by resolved path, which the table gives relative to itself. Empty
        without a table that has the columns `path` and `phones`.
    """
    directory = directory.resolve()
    for folder in (directory, *directory.parents):
        table = folder / ALIGNMENTS
        if table.is_file():
            try:
                rows = read_table(table, "path", "phones")
            except MissingColumn:
                continue  # of another program
            return {(folder / row["path"].replace("\\", "/")).resolve(): row["phones"] for row in rows}
    return {}
