"""Common Voice (Ardila et al. 2020): clips/*.mp3 and test.tsv in the folder of a language."""

from pathlib import Path

from sottovoce.codec.evaluation.sets.rows import Row, existing, relative, table

GENDERS = {"female": "f", "female_feminine": "f", "male": "m", "male_masculine": "m"}
AGES = {"twenties": "25", "thirties": "35", "fourties": "45", "fifties": "55", "sixties": "65", "seventies": "75"}
"""Middles of decades; of teenagers it is not known whether they are children."""


def rows(folder: Path) -> list[Row]:
    """Return the recordings of the test set of a language."""
    place = existing(folder, "test.tsv")
    return [
        {
            "path": relative(place.parent / "clips" / one["path"], folder),
            "corpus": "common-voice",
            "speaker": one.get("client_id", ""),
            "gender": GENDERS.get(one.get("gender") or "", ""),
            "age": AGES.get(one.get("age") or "", ""),
            "language": one.get("locale") or "",
            "text": one.get("sentence") or "",
        }
        for one in table(place, "\t")
    ]
