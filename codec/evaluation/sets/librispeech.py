"""LibriSpeech (Panayotov et al. 2015): SUBSET/SPEAKER/CHAPTER/*.flac, texts beside them, SPEAKERS.TXT above."""

from pathlib import Path

from sottovoce.codec.evaluation.sets.rows import Row, existing, lines, relative


def test_clean(folder: Path) -> list[Row]:
    """Return the 2620 recordings of test-clean, on which results of speech codecs are most often published."""
    return _subset(folder, "test-clean")


def test_other(folder: Path) -> list[Row]:
    """Return the 2939 recordings of test-other."""
    return _subset(folder, "test-other")


def _subset(folder: Path, name: str) -> list[Row]:
    place = folder if folder.name == name else existing(folder, name, f"LibriSpeech/{name}")
    genders = _genders(place.parent / "SPEAKERS.TXT")
    rows = []
    for texts in sorted(place.glob("*/*/*.trans.txt")):
        for line in lines(texts):
            identifier, _, text = line.partition(" ")
            speaker = identifier.partition("-")[0]
            rows.append(
                {
                    "path": relative(texts.parent / f"{identifier}.flac", folder),
                    "corpus": f"librispeech-{name}",
                    "speaker": speaker,
                    "gender": genders.get(speaker, ""),
                    "language": "en",
                    "text": text,
                }
            )
    return rows


def _genders(path: Path) -> dict[str, str]:
    fields = [line.split("|") for line in lines(path) if not line.startswith(";")]
    return {one[0].strip(): one[1].strip().lower() for one in fields if len(one) > 1}
