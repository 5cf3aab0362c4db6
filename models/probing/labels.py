"""What is known of a recording: its phones, and who speaks."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.phones.labels import NUMBERS, PHONES, SILENCE, parse_alignment
from sottovoce.models.training.shards import read_alignments

UNKNOWN = -1
PHONE_CLASSES = (*PHONES, SILENCE)
GENDERS = ("f", "m")
ADULT = 18  # years

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledRecording:
    """One recording and what a table says of it.

    Attributes
    ----------
    path : where it is
    speaker : corpus and name, or "" where nobody knows
    gender : "f", "m" or ""
    adult : whether the speaker is no child, as far as is known
    phones : "NAME:first:end ..." in frames of 10 ms, or "" where nobody knows
    """

    path: Path
    speaker: str
    gender: str
    adult: bool
    phones: str


def read_recordings(speech: Path, split: str) -> list[LabelledRecording]:
    """The recordings of the table `split`.csv in a folder, with their phones from the `alignments.csv` there.

    The table has columns `path`, relative to the folder, `corpus`, `speaker`, `gender`, and perhaps `age` in years.

    Raises
    ------
    FileNotFoundError
        Where there is no such table.
    ValueError
        Where it lacks a column, tells an age that is none, or the phones of all its recordings are unknown.
    """
    known = read_alignments(speech)
    found = []
    with (speech / f"{split}.csv").open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        if missing := {"path", "corpus", "speaker", "gender"} - set(rows.fieldnames or ()):
            raise ValueError(f"{speech / split}.csv: no column {min(missing)!r}")
        for row in rows:
            path, name = (speech / row["path"]).resolve(), row["speaker"]
            speaker = "" if name.removeprefix("spk_") in ("", "unknown") else f"{row['corpus']}:{name}"
            age = row.get("age") or str(ADULT)
            if not age.replace(".", "", 1).isdigit():
                raise ValueError(f"{speech / split}.csv: {age!r} is no age in years")
            found.append(LabelledRecording(path, speaker, row["gender"], float(age) >= ADULT, known.get(path, "")))
    if not any(recording.phones for recording in found):
        raise ValueError(f"{speech}: alignments.csv knows the phones of no recording in {split}.csv")
    return found


def some(recordings: list[LabelledRecording], count: int, seed: int = 0) -> list[LabelledRecording]:
    """At most `count` recordings, of all speakers as evenly as can be, those of known phones first."""
    order = np.random.default_rng(seed).permutation(len(recordings))
    shuffled = sorted((recordings[i] for i in order), key=lambda recording: not recording.phones)
    turns: dict[str, int] = {}
    taken = []
    for recording in shuffled:
        turns[recording.speaker] = turn = turns.get(recording.speaker, -1) + 1
        taken.append((turn, recording))
    return [recording for _, recording in sorted(taken, key=lambda pair: pair[0])[:count]]


def phone_labels(recording: LabelledRecording, steps: int, frames: int) -> Labels:
    """The phone in the middle of each step of `frames` frames, a number in PHONE_CLASSES or UNKNOWN; (steps,).

    Raises
    ------
    ValueError
        Where the recording's phones are none.
    """
    try:
        said = parse_alignment(recording.phones)
    except ValueError as error:
        raise ValueError(f"{recording.path}: phones that cannot be read ({error})") from error
    labels = np.full(steps * frames, UNKNOWN)
    for name, first, end in said:
        labels[first:end] = NUMBERS.get(name, len(PHONES))
    return labels[frames // 2 :: frames]


def spoken_labels(recording: LabelledRecording, label: int, phones: Labels) -> Labels:
    """A label of the speaker at the steps where somebody is known to speak or nothing is known; (steps,)."""
    silent = phones == len(PHONES)
    return np.where(silent | ((phones == UNKNOWN) & bool(recording.phones)), UNKNOWN, label)
