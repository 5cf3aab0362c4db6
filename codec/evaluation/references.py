"""The recordings of an evaluation, with their speakers and phones."""

import os
from dataclasses import dataclass
from pathlib import Path

from sottovoce.codec.errors import SottoError, error_context, from_os_error
from sottovoce.codec.evaluation import places, sets
from sottovoce.models.audio.reader import AUDIO_SUFFIXES
from sottovoce.models.folders import walk
from sottovoce.models.phones.labels import SILENCE, parse_alignment
from sottovoce.models.speech_table import (
    ALIGNMENTS,
    find_recording,
    is_child,
    known_speaker,
    read_alignments,
    read_table,
)

COLUMNS = ("corpus", "speaker", "gender", "age", "language", "text")


@dataclass(frozen=True)
class ReferenceRecording:
    """A recording.

    Parameters
    ----------
    id : str
        Number that names its files in the report.
    path : str
        Path as the table gives it, or relative to the folder.
    file : Path
        The file.
    corpus, speaker, gender, age, language, text : str
        Columns of the table, empty where unknown. `text` is the transcript.
    phones : tuple of str
        Phones without silence; empty where unknown.
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
        """Name of the speaker, unique among all corpora; an unknown speaker counts as a different one each time."""
        return f"{self.corpus}/{self.speaker}" if self.speaker else self.id

    @property
    def generation(self) -> str:
        """Either "children" (under 16) or "adults"; empty where the age is unknown."""
        child = is_child(self.age)
        return "" if child is None else "children" if child else "adults"


def find(source: str, report: Path, corpus: str | None = None, limit: int | None = None) -> list[ReferenceRecording]:
    """Find the recordings of a folder or of a table.

    Parameters
    ----------
    source : str
        A folder, which is searched recursively: the folder of a recording is its speaker. Or a table
        (`models.speech_table`) with a column `path`, relative to the table, and optionally corpus, speaker, gender (m
        or f), age (years), language and text.
    report : Path
        Folder of the report, whose sounds are not recordings.
    corpus : str, optional
        Name of the corpus in the folder: see `sets`.
    limit : int, optional
        Largest number of recordings, which are spread evenly over all.

    Raises
    ------
    SottoError
        When there are none, or the table cannot be read.
    """
    if corpus:
        folder, rows = source, sets.rows(corpus, source)
    elif os.path.isdir(source):
        folder, rows = source, _walk(source, report)
    else:
        folder, rows = os.path.dirname(source), _table(source)
    with error_context(source):
        phones = read_alignments(Path(folder))
    width = max(4, len(str(len(rows))))
    rows = _spread(rows, limit)
    recordings = []
    for number, row in enumerate(rows):
        file = find_recording(row["path"], (Path(folder),)) or Path(folder, row["path"])
        known = {column: _shown(row.get(column) or "").strip() for column in COLUMNS}
        known["speaker"] = known_speaker(known["speaker"])
        spoken = _spoken(phones.get(file.resolve(), ""))
        recordings.append(ReferenceRecording(f"{number:0{width}d}", _shown(row["path"]), file, **known, phones=spoken))
    return recordings


def _spread(rows: list[dict[str, str]], limit: int | None) -> list[dict[str, str]]:
    if limit is None or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]


def _shown(name: str) -> str:
    """Replace the bytes of a file name that are not text, which Linux allows and JSON does not."""
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
    raise from_os_error(error, str(error.filename)) from error


def _table(path: str) -> list[dict[str, str]]:
    with error_context(path):
        rows = read_table(path, "path")
    if not rows:
        raise SottoError("lists no recordings", "give a folder of recordings or a table with a column 'path'", path)
    return rows


def _spoken(phones: str) -> tuple[str, ...]:
    try:
        return tuple(name for name, _, _ in parse_alignment(phones) if name != SILENCE)
    except ValueError as error:
        what = f"is no table of phones ({error})"
        raise SottoError(what, "give each as NAME:FIRST:END, in ARPAbet", ALIGNMENTS) from error
