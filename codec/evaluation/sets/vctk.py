"""VCTK 0.92 (Yamagishi et al. 2019): wav48_silence_trimmed/SPEAKER/*_mic1.flac, txt/SPEAKER/*.txt, speaker-info.txt."""

from pathlib import Path

from sottovoce.codec.evaluation.sets.rows import Row, existing, lines, relative


def rows(folder: Path) -> list[Row]:
    """Return the recordings of the first microphone. Those of p315 and a few others have no text."""
    place = existing(folder, "wav48_silence_trimmed", "VCTK-Corpus-0.92/wav48_silence_trimmed")
    speakers = {fields[0]: fields for fields in map(str.split, lines(place.parent / "speaker-info.txt")) if fields}
    found = []
    for path in sorted(place.glob("*/*_mic1.flac")):
        speaker, name = path.parent.name, path.stem.removesuffix("_mic1")
        _, age, gender, *_ = [*speakers.get(speaker, [speaker]), "", "", ""]
        text = " ".join(lines(place.parent / "txt" / speaker / f"{name}.txt")).strip()
        found.append(
            {
                "path": relative(path, folder),
                "corpus": "vctk",
                "speaker": speaker,
                "gender": gender.lower(),
                "age": age,
                "language": "en",
                "text": text,
            }
        )
    return found
