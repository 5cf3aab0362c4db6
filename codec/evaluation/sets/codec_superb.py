"""The data of the Codec-SUPERB challenge (Wu et al. 2024): samples/CORPUS/..., of which the speech is taken."""

from pathlib import Path

from sottovoce.codec.evaluation.sets.rows import Row, existing, relative
from sottovoce.models.audio.reader import AUDIO_SUFFIXES

SPEECH = (
    "crema_d",
    "fluent_speech_commands",
    "libri2Mix_test",
    "librispeech",
    "quesst",
    "snips_test_valid_subset",
    "voxceleb1",
    "vox_lingua_top10",
)
"""Corpora of speech; the others are of sounds and music."""

ENGLISH = ("crema_d", "fluent_speech_commands", "libri2Mix_test", "librispeech", "snips_test_valid_subset")


def rows(folder: Path) -> list[Row]:
    """Return the recordings of speech; their texts and speakers are not known."""
    place = existing(folder, "samples", "codec_superb_data/samples")
    return [
        {
            "path": relative(path, folder),
            "corpus": corpus,
            "language": "en" if corpus in ENGLISH else "",
        }
        for corpus in SPEECH
        for path in sorted((place / corpus).rglob("*"))
        if path.suffix.lower() in AUDIO_SUFFIXES
    ]
