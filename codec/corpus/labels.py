"""Labels of recordings from a table: text, language, speaker and the like."""

import os
from pathlib import Path

from sottovoce.codec.corpus.records import FIELDS
from sottovoce.codec.errors import error_context
from sottovoce.models.speech_table import find_recording, read_table


class LabelTable:
    """Labels by the path of a recording.

    Parameters
    ----------
    file : str
        A table as `read_table` reads it. Its column ``path`` has paths relative to the folder of the table.

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
            rows = read_table(file, "path")
        self.names = [name for name in (rows[0] if rows else ()) if name and name not in FIELDS]
        folder = Path(file).parent
        self._rows = {
            os.path.realpath(find_recording(row["path"], [folder]) or folder / row["path"]): {
                name: row[name] for name in self.names
            }
            for row in rows
        }

    def of(self, recording: str) -> dict[str, str] | None:
        """Return the labels of a recording, or None if the table does not have it."""
        return self._rows.get(os.path.realpath(recording))
