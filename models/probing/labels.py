"""Labels of a recording: phones, speaker and gender."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.phones.labels import PHONE_IDS, PHONES, SILENCE, parse_alignment
from sottovoce.models.speech_table import is_child, known_speaker, read_alignments, read_table

UNKNOWN = -1
PHONE_CLASSES = (*PHONES, SILENCE)
GENDERS = ("f", "m")

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledRecording:
    """A recording and its labels.

    Attributes
    ----------
    path : Path
    speaker : str
        Corpus and name, "" if unknown.
    gender : str
        "f", "m", or "" if unknown.
    adult : bool
        False if the speaker is known to be a child.
    phones : str
        Alignment "NAME:first:end ..." in frames of 10 ms, "" if unknown.
    """

    path: Path
    speaker: str
    gender: str
    adult: bool
    phones: str


def read_recordings(speech: Path, split: str) -> list[LabelledRecording]:
    """Read the recordings of `split`.csv in a folder, with their phones from `alignments.csv`.

    The table has the columns `path` (relative to the folder), `corpus`, `speaker`, `gender` and, optionally, `age` in
    years.

    Raises
    ------
    FileNotFoundError
        If the table is missing.
    SottoError
        If the table lacks a column.
    ValueError
        If an age is not a number, or no recording has phone labels.
    """
    known = read_alignments(speech)
    found = []
    for row in read_table(speech / f"{split}.csv", "path", "corpus", "speaker", "gender"):
        path, name = (speech / row["path"].replace("\\", "/")).resolve(), known_speaker(row["speaker"])
        speaker = f"{row['corpus']}:{name}" if name else ""
        age = row.get("age", "")
        if age and is_child(age) is None:
            raise ValueError(f"{speech / split}.csv: {age!r} is not an age in years")
        found.append(LabelledRecording(path, speaker, row["gender"], not is_child(age), known.get(path, "")))
    if not any(recording.phones for recording in found):
        raise ValueError(f"{speech}: alignments.csv has no phones of any recording in {split}.csv")
    return found


def select_recordings(recordings: list[LabelledRecording], count: int, seed: int = 0) -> list[LabelledRecording]:
    """Select at most `count` recordings, spread evenly over the speakers, those with phone labels first."""
    order = np.random.default_rng(seed).permutation(len(recordings))
    shuffled = sorted((recordings[i] for i in order), key=lambda recording: not recording.phones)
    counts: dict[str, int] = {}
    taken = []
    for recording in shuffled:
        counts[recording.speaker] = index = counts.get(recording.speaker, -1) + 1
        taken.append((index, recording))
    return [recording for _, recording in sorted(taken, key=lambda pair: pair[0])[:count]]


def phone_labels(recording: LabelledRecording, steps: int, frames: int) -> Labels:
    """Phone at the centre of each step of `frames` frames.

    Returns
    -------
    ndarray of int64 [shape=(steps,)]
        Index in PHONE_CLASSES, or UNKNOWN.

    Raises
    ------
    ValueError
        If the recording's alignment cannot be parsed.
    """
    try:
        alignment = parse_alignment(recording.phones)
    except ValueError as error:
        raise ValueError(f"{recording.path}: its phone alignment cannot be parsed ({error})") from error
    labels = np.full(steps * frames, UNKNOWN)
    for name, first, end in alignment:
        labels[first:end] = PHONE_IDS.get(name, len(PHONES))
    return labels[frames // 2 :: frames]


def speaker_labels(recording: LabelledRecording, label: int, phones: Labels) -> Labels:
    """Label of the speaker at each step (steps,), UNKNOWN at steps without a speech phone in an aligned recording."""
    silent = phones == len(PHONES)
    return np.where(silent | ((phones == UNKNOWN) & bool(recording.phones)), UNKNOWN, label)
