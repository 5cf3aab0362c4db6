"""Degraded recordings, made once for all codecs and stored as FLAC."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation.conditions.base import Condition, Degradation
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import kept_flac, read, rounded, write_flac


class DegradedRecording(TypedDict):
    """A degraded recording: its length in samples and the checksum of these."""

    samples: int
    crc32: int


@dataclass(frozen=True)
class Degrading:
    """A recording to be degraded.

    Parameters
    ----------
    folder : Path
        Of the condition.
    degradation : Degradation
        What is done to it.
    recording : ReferenceRecording
        The recording.
    crc32 : int
        Checksum of its samples.
    others : sequence of ReferenceRecording
        All recordings of the evaluation.
    identity : str
        Of the degradation, which is the same for all recordings.
    """

    folder: Path
    degradation: Degradation
    recording: ReferenceRecording
    crc32: int
    others: Sequence[ReferenceRecording]
    identity: str

    @property
    def file(self) -> Path:
        """Where the degraded recording is stored."""
        return self.folder / "input" / f"{self.recording.id}.flac"

    @property
    def part(self) -> StoredPart:
        """The file in which its checksum is stored."""
        key = {"recording": self.crc32, "degradation": self.identity}
        return StoredPart(self.file.with_suffix(".json"), key)

    def known(self) -> DegradedRecording | None:
        """Return the result if it is stored and the recording is whole."""
        stored: DegradedRecording | None = self.part.load()
        if stored is None:
            return None
        wave = kept_flac(self.file)
        return stored if wave is not None and zlib.crc32(wave.tobytes()) == stored["crc32"] else None


def degrade(task: Degrading) -> DegradedRecording:
    """Degrade a recording and store it."""
    with error_context(task.recording.path):
        wave = rounded(task.degradation(read(task.recording.file), task.recording, task.others))
    task.part.forget()
    write_flac(task.file, wave)
    result: DegradedRecording = {"samples": len(wave), "crc32": zlib.crc32(wave.tobytes())}
    task.part.save(result)
    return result


def tasks(
    folder: Path, condition: Condition, recordings: Sequence[ReferenceRecording], crc32: Sequence[int]
) -> list[Degrading]:
    """Return the recordings that a condition degrades; none if it changes the transmission only."""
    if condition.degradation is None:
        return []
    identity = condition.degradation.identity(recordings)
    return [
        Degrading(folder, condition.degradation, one, checksum, recordings, identity)
        for one, checksum in zip(recordings, crc32, strict=True)
    ]
