"""The page of a report in a browser: written to a folder, read, and answered."""

import json
from pathlib import Path
from typing import Any

from sottovoce.codec.evaluation.page import build


def written(report: dict[str, Any], folder: Path, name: str = "report.html") -> str:
    """Write a report's page and return its address."""
    path = folder / name
    path.write_text(build(report, folder), encoding="utf-8")
    return path.as_uri()


def column(page: Any, key: str) -> list[str]:
    """The table's texts of a column, from the top; intervals left out."""
    place = page.locator("#table thead th").evaluate_all(
        "(heads, key) => heads.findIndex((head) => head.dataset.key === key)", key
    )
    return page.locator("#table tbody tr").evaluate_all(
        "(rows, place) => rows.map((row) => row.cells[place].firstChild.textContent)", place
    )


def answers(page: Any, button: str) -> dict[str, Any]:
    """What a button saves."""
    with page.expect_download() as saved:
        page.get_by_role("button", name=button).click()
    assert saved.value.suggested_filename.endswith(".json")
    return json.loads(Path(saved.value.path()).read_text())
