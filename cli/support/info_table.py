"""What .sotto files contain, as a table for spreadsheets and programs."""

import csv
import io

from sottovoce.cli.support.text import one_line
from sottovoce.codec.io.spreadsheet import cell
from sottovoce.codec.offline.info import Info

_COLUMNS = (
    *("seconds", "bytes", "bit_rate", "model", "model_id", "preset", "source_rate", "source_channels", "level"),
    *("speaker", "files", "blocks", "damaged", "restored", "missing", "complete", "protection"),
)


class CsvTable:
    """Writes lines of CSV; the first comes with the names of the columns above it."""

    def __init__(self) -> None:
        self._begun = False

    def line(self, file: str, info: Info | None, error: str = "") -> str:
        """Return the line of a file.

        Parameters
        ----------
        file : str
            Its name.
        info : Info or None
            What it contains, if it can be read.
        error : str
            What is wrong with it, if it cannot.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self._begun:
            writer.writerow(["file", *_COLUMNS, "tags", "problems"])
            self._begun = True
        if info is None:
            writer.writerow([cell(one_line(file)), *[""] * (len(_COLUMNS) + 1), error])
        else:
            values = [_value(getattr(info, name)) for name in _COLUMNS]
            tags = "\n".join(one_line(f"{key}={value}") for key, values in info.tags.items() for value in values)
            writer.writerow([cell(one_line(file)), *values, cell(tags), "; ".join(info.problems())])
        return text.getvalue().removesuffix("\n")


def _value(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
