"""The few recordings that one can hear on the page: which, and their sound, small enough for one file."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.page.worst import worst
from sottovoce.codec.evaluation.references import COLUMNS, ReferenceRecording

COUNT = 6
"""Recordings on the page."""

WORST = 2
"""Of these, recordings that the default preset codes worst; the others are chosen without looking at scores."""

LONGEST = 6.0
"""Seconds of each at most."""

FEWEST = 3
"""Recordings that stay, while there are codecs to leave out instead."""

_SHORTEST, _BEST = 2.0, 4.0  # seconds: less says little, more takes long to hear some ten times
_FADE = 0.02  # seconds, where a recording is cut

KEPT = ("original", "pcm8k")
"""What the blind tests need: hidden reference and low anchor. They stay, as do our presets."""


@dataclass
class Examples:
    """What can be heard.

    Attributes
    ----------
    recordings : list of int
        Indices of the report's recordings.
    clips : dict of (int, str) to bytes
        FLAC, by index of the recording and name of the codec.
    left_out : list of str
        What had to go so that the page stays small, in words.
    """

    recordings: list[int]
    clips: dict[tuple[int, str], bytes]
    left_out: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all clips in base64."""
        return sum(4 * -(-len(clip) // 3) for clip in self.clips.values())

    def keep(self, recordings: list[int], codecs: set[str]) -> None:
        """Forget all other clips."""
        self.recordings = recordings
        self.clips = {key: clip for key, clip in self.clips.items() if key[0] in recordings and key[1] in codecs}


def choose(recordings: list[dict[str, Any]], count: int = COUNT) -> list[int]:
    """Choose recordings that differ most: in speaker, then corpus, generation and gender.

    One after the other, always that which shares least with those chosen before; among equals the one whose length is
    best to listen to, then the first by path. Nothing is drawn by chance and no score is looked at.

    Parameters
    ----------
    recordings : list of dict
        As in the report.
    count : int
        How many.

    Returns
    -------
    list of int
        Indices, the first chosen first.
    """
    seen: Counter[tuple[str, str]] = Counter()
    chosen: list[int] = []

    def cost(index: int) -> tuple[float, ...]:
        recording = recordings[index]
        shared = sum(weight * seen[trait] for trait, weight in zip(_traits(recording), (4, 3, 2, 8), strict=True))
        seconds = recording["seconds"]
        return shared, seconds < _SHORTEST, seconds > LONGEST, abs(seconds - _BEST)

    left = sorted(range(len(recordings)), key=lambda index: recordings[index]["path"])
    while left and len(chosen) < count:
        best = min(left, key=cost)
        left.remove(best)
        chosen.append(best)
        seen.update(_traits(recordings[best]))
    return chosen


def _traits(recording: dict[str, Any]) -> list[tuple[str, str]]:
    known = described(recording)
    values = (known.corpus, known.generation, known.gender, known.who)
    return list(zip(("corpus", "generation", "gender", "speaker"), values, strict=True))


def described(recording: dict[str, Any]) -> ReferenceRecording:
    """Return what a report says of a recording as what it was made from."""
    columns = {column: recording.get(column, "") for column in COLUMNS}
    return ReferenceRecording(recording["id"], recording["path"], Path(recording["path"]), **columns)


def gather(report: dict[str, Any], folder: Path, limit: int) -> Examples:
    """Read the clips of the chosen recordings and leave out what is too much.

    Left out are recordings, last chosen first, until three are left; then all but our presets, last in the report
    first; then recordings again, until one is left.

    Parameters
    ----------
    report : dict
        What report.json holds.
    folder : Path
        The report's folder, with decoded/CODEC/ID.flac.
    limit : int
        Bytes that all clips may take in base64.

    Raises
    ------
    SottoError
        When a clip can't be read.
    """
    codecs = [codec["name"] for codec in report["codecs"]]
    audible = [index for index, recording in enumerate(report["recordings"]) if _exists(folder, recording)]
    first = [index for index in worst(report) if index in audible][:WORST]
    others = [index for index in audible if index not in first]
    varied = choose([report["recordings"][index] for index in others], COUNT - len(first))
    chosen = [*first, *(others[index] for index in varied)]
    clips = {}
    for index in chosen:
        for codec in codecs:
            path = places.clip(folder, codec, report["recordings"][index]["id"])
            if path.is_file():
                clips[index, codec] = read_clip(path)
    examples = Examples(chosen, clips)
    titles = {codec["name"]: codec["title"] for codec in report["codecs"]}
    ours = {name for name in codecs if name.startswith("sotto:")}
    for recordings, kept, what in _smaller(chosen, codecs, ours):
        if examples.size <= limit:
            break
        examples.keep(recordings, kept)
        examples.left_out.append(titles.get(what, what))
    return examples


def _smaller(chosen: list[int], codecs: list[str], ours: set[str]) -> Iterator[tuple[list[int], set[str], str]]:
    """Say step by step what stays, and what goes with that step."""
    recordings, kept = list(chosen), list(codecs)
    while len(recordings) > FEWEST:
        recordings = recordings[:-1]
        yield recordings, set(kept), f"example {len(recordings) + 1}"
    for codec in reversed(codecs):
        if codec not in KEPT and codec not in ours:
            kept.remove(codec)
            yield recordings, set(kept), codec
    while len(recordings) > 1:
        recordings = recordings[:-1]
        yield recordings, set(kept), f"example {len(recordings) + 1}"


def _exists(folder: Path, recording: dict[str, Any]) -> bool:
    return places.clip(folder, "original", recording["id"]).is_file()


def read_clip(path: Path) -> bytes:
    """Return a clip as FLAC, 16 bits, at most six seconds: what is longer fades out there."""
    with error_context(str(path)):
        data = path.read_bytes()
    wave, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    samples = round(LONGEST * rate)
    if len(wave) <= samples:
        return data
    wave = wave[:samples]
    fade = round(_FADE * rate)
    wave[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    short = io.BytesIO()
    soundfile.write(short, wave, rate, format="FLAC", subtype="PCM_16")
    return short.getvalue()
