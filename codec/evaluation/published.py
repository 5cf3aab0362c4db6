"""Published figures of other codecs on named sets, to be drawn beside what was measured. None of them was run here."""

import json
from importlib import resources
from typing import Any

FILE = "published.json"


def published(name: str = "librispeech-test-clean") -> dict[str, Any]:
    """Return the published figures on a set.

    Parameters
    ----------
    name : str
        Name of the set.

    Returns
    -------
    dict
        "set", "note", and "codecs": for each its name, bit rate, parameters, source, and figures by key of the metric.
        Speaker similarity and WER are by other models than those of this report, so they have keys of their own.
    """
    text = (resources.files("sottovoce.codec.evaluation") / "data" / FILE).read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = json.loads(text)
    return tables[name]
