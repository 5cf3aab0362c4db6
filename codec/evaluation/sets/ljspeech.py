"""LJ Speech 1.1 (Ito 2017): wavs/ID.wav, metadata.csv with ID|text|normalised text."""

from pathlib import Path

from sottovoce.codec.evaluation.sets.rows import Row, existing, lines, relative


def rows(folder: Path) -> list[Row]:
    """Return all 13,100 recordings of its one reader."""
    place = existing(folder, "metadata.csv", "LJSpeech-1.1/metadata.csv")
    return [
        {
            "path": relative(place.parent / "wavs" / f"{fields[0]}.wav", folder),
            "corpus": "ljspeech",
            "speaker": "LJ",
            "gender": "f",
            "language": "en",
            "text": fields[-1],
        }
        for fields in (line.split("|") for line in lines(place))
        if len(fields) > 1
    ]
