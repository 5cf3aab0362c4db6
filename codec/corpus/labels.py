"""Labels of recordings from a table: text, language, speaker and the like."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from sottovoce.codec.corpus.records import FIELDS
from sottovoce.codec.errors import SottoError, error_context


class LabelTable:
    """Labels by the path of a recording.

    Parameters
    ----------
    file : str
        A CSV file with a header. Its column ``path`` has the paths of recordings relative to the folder of the table.

    Attributes
    ----------
    names : list of str
        The columns, but those that a record has anyway.

    Raises
    ------
    SottoError
        When it cannot be read, or has no such column.
    """

    def __init__(self, file: str) -> None:
        with error_context(file):
            try:
                with open(file, encoding="utf-8-sig", newline="") as lines:
                    reader = csv.DictReader(lines)
                    names: Sequence[str] = reader.fieldnames or ()
                    if "path" not in names:
                        raise SottoError("has no column path", "give a CSV table with the paths of recordings in it")
                    self.names = [name for name in names if name and name not in FIELDS]
                    folder = Path(file).parent
                    self._rows = {
                        os.path.realpath(folder / row["path"]): {name: row[name] or "" for name in self.names}
                        for row in reader
                        if row["path"]
                    }
            except (UnicodeDecodeError, csv.Error) as error:
                raise SottoError(f"is no CSV table in UTF-8 ({error})", "save it as CSV in UTF-8") from error

    def of(self, recording: str) -> dict[str, str] | None:
        """Return the labels of a recording, or None if the table does not have it."""
        return self._rows.get(os.path.realpath(recording))
