"""The recordings that an evaluation is about, and what is known of them."""

import csv
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sottovoce.codec.errors import SottoError, concerning, explained
from sottovoce.codec.evaluation import places, sets
from sottovoce.models.audio.reader import AUDIO_SUFFIXES
from sottovoce.models.folders import walk
from sottovoce.models.phones.labels import SILENCE, parse_alignment

PHONES = "alignments.csv"
"""A table beside the recordings: path, and the phones spoken as NAME:FIRST:END ... (frames of 10 ms)."""

COLUMNS = ("corpus", "speaker", "gender", "age", "language", "text")


@dataclass(frozen=True)
class ReferenceRecording:
    """A recording.

    Parameters
    ----------
    id : str
        Its number, which names its files in the report.
    path : str
        As the table calls it, or as seen from the folder.
    file : Path
        Where it is.
    corpus, speaker, gender, age, language, text : str
        What is known; else empty. `text` is what is said.
    phones : tuple of str
        What is spoken, without silence; empty where it isn't known.
    """

    id: str
    path: str
    file: Path
    corpus: str = ""
    speaker: str = ""
    gender: str = ""
    age: str = ""
    language: str = ""
    text: str = ""
    phones: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """Name the speaker among those of all corpora. One who isn't known is taken for somebody else every time."""
        return f"{self.corpus}/{self.speaker}" if self.speaker else self.id

    @property
    def generation(self) -> str:
        """Return "children" (under 16) or "adults", or nothing where the age isn't known."""
        try:
            age = float(self.age)
        except ValueError:
            return ""
        return "" if math.isnan(age) else "children" if age < 16 else "adults"


def find(source: str, report: Path, corpus: str | None = None, limit: int | None = None) -> list[ReferenceRecording]:
    """Find the recordings that a folder holds or a table lists.

    Parameters
    ----------
    source : str
        A folder, which is searched with those in it: the folder that a recording is in is then its speaker. Or a CSV
        with a column `path` (relative to it) and, where they are known, corpus, speaker, gender (m or f), age (years),
        language and text.
    report : Path
        Folder of the report. Sounds that an earlier run left there are no recordings.
    corpus : str, optional
        Name of the corpus in the folder: see `sets`.
    limit : int, optional
        Most recordings; they are spread evenly over all.

    Raises
    ------
    SottoError
        When there are none, or the table is no table.
    """
    if corpus:
        folder, rows = source, sets.rows(corpus, source)
    elif os.path.isdir(source):
        folder, rows = source, _walk(source, report)
    else:
        folder, rows = os.path.dirname(source), _table(source)
    phones = _phones(os.path.join(folder, PHONES))
    width = max(4, len(str(len(rows))))
    rows = _spread(rows, limit)
    return [
        ReferenceRecording(
            f"{number:0{width}d}",
            _shown(row["path"]),
            Path(folder, row["path"]),
            **{column: _shown(row.get(column) or "").strip() for column in COLUMNS},
            phones=phones.get(os.path.normpath(row["path"]), ()),
        )
        for number, row in enumerate(rows)
    ]


def _spread(rows: list[dict[str, str]], limit: int | None) -> list[dict[str, str]]:
    if limit is None or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]


def _shown(name: str) -> str:
    """Replace what of a file's name is no text, which Linux allows, and can't be written."""
    return name.encode(errors="replace").decode()


def _walk(folder: str, report: Path) -> list[dict[str, str]]:
    left_out = {os.path.realpath(place) for place in places.own(report)}
    rows = []
    for place in walk(folder, _refused, lambda path: os.path.realpath(path) not in left_out):
        for file in place.files:
            if os.path.splitext(file)[1].lower() in AUDIO_SUFFIXES:
                inside = Path(place.path, file).relative_to(folder)
                speaker = inside.parent.as_posix()
                rows.append({"path": inside.as_posix(), "speaker": "" if speaker == "." else speaker})
    if not rows:
        suffixes = " ".join(sorted(AUDIO_SUFFIXES))
        raise SottoError("no recordings in it", f"the suffixes looked for are {suffixes}", folder)
    return rows


def _refused(error: OSError) -> None:
    raise explained(error, str(error.filename)) from error


def _table(path: str) -> list[dict[str, str]]:
    rows = list(_rows(path, "path"))
    if not rows:
        raise SottoError("lists no recordings", "give a folder of recordings or a table with a column 'path'", path)
    return rows


def _phones(path: str) -> dict[str, tuple[str, ...]]:
    if not os.path.exists(path):
        return {}
    try:
        return {
            os.path.normpath(row["path"]): _spoken(row["phones"] or "", path) for row in _rows(path, "path", "phones")
        }
    except _NoColumn:
        return {}  # it is someone else's


def _spoken(phones: str, path: str) -> tuple[str, ...]:
    try:
        return tuple(name for name, _, _ in parse_alignment(phones) if name != SILENCE)
    except ValueError as error:
        raise SottoError(f"is no table of phones ({error})", "give each as NAME:FIRST:END, in ARPAbet", path) from error


class _NoColumn(SottoError):
    """A table is of something else."""


def _rows(path: str, *needed: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table that has at least these columns, and a path in each row."""
    with concerning(path):
        try:
            with open(path, newline="", encoding="utf-8-sig") as lines:  # spreadsheets put a mark before the header
                reader = csv.DictReader(lines)
                for column in needed:
                    if column not in (reader.fieldnames or ()):
                        raise _NoColumn(f"has no column {column!r}", "name the columns in its first line", path)
                for row in reader:
                    if not row["path"]:
                        raise SottoError(f"line {reader.line_num} isn't complete", "fill in path")
                    yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise SottoError(f"is no table ({error})", "give a folder of recordings or a CSV in UTF-8") from error
