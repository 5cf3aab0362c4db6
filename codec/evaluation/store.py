"""Work that is kept, so that an evaluation goes on where it was stopped."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sottovoce.codec.evaluation import places
from sottovoce.codec.io.files import writing


@dataclass(frozen=True)
class StoredPart:
    """A piece of work whose result is kept in a file.

    Parameters
    ----------
    path : Path
        The file.
    key : dict
        All that the result depends on, in terms of JSON: what was kept for another key isn't used.
    """

    path: Path
    key: dict[str, Any]

    def load(self) -> Any:
        """Return the result, or None where it isn't there yet."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"), parse_constant=_refused)
            return kept["result"] if kept["key"] == self.key else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def save(self, result: Any) -> None:
        """Keep the result, whole or not at all."""
        with writing(str(self.path), force=True) as file:
            file.write(json.dumps({"key": self.key, "result": result}).encode())

    def forget(self) -> None:
        """Drop what was kept, before files that belong to it change."""
        self.path.unlink(missing_ok=True)


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def sweep(folder: Path) -> None:
    """Remove what was half-written when a run was killed: files of the report, and nobody else's."""
    drafts = [path for place in places.own(folder) for path in place.rglob(".*.part")]
    for path in [*drafts, *folder.glob(".report.*.part")]:
        path.unlink(missing_ok=True)
