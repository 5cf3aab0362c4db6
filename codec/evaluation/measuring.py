"""The second half of an evaluation: what codecs made of a recording, aligned and measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sottovoce.codec.errors import concerning
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.alignment import align
from sottovoce.codec.evaluation.coding import CodingMeasurement
from sottovoce.codec.evaluation.metrics import Figures, Reference, measure, refer
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import kept_flac, read, read_flac, rounded, write_flac


@dataclass(frozen=True)
class Measurement:
    """A decoded recording to be measured.

    Parameters
    ----------
    coding : CodingMeasurement
        How it came about.
    crc32 : int
        Of its samples.
    delay : int
        Of its codec, in samples.
    versions : mapping
        Of what measures.
    """

    coding: CodingMeasurement
    crc32: int
    delay: int
    versions: Mapping[str, Any]

    @property
    def part(self) -> StoredPart:
        """Where the figures are kept."""
        coding = self.coding
        key = {"recording": coding.crc32, "phones": " ".join(coding.recording.phones), "decoded": self.crc32}
        path = places.parts(coding.folder, coding.codec) / f"{coding.recording.id}.measured.json"
        return StoredPart(path, key | {"delay": self.delay, "versions": dict(self.versions)})

    def known(self) -> Figures | None:
        """Return the figures, if they are kept and the sound is there that they are of."""
        clip = places.clip(self.coding.folder, self.coding.codec, self.coding.recording.id)
        figures: Figures | None = self.part.load()
        return figures if figures is not None and kept_flac(clip) is not None else None


@dataclass(frozen=True)
class Comparing:
    """What all codecs made of one recording, which is prepared for measuring only once.

    Parameters
    ----------
    tasks : sequence of Measurement
        One a codec.
    """

    tasks: Sequence[Measurement]

    def known(self) -> list[Figures] | None:
        """Return the figures of each codec, if all are kept."""
        figures = [task.known() for task in self.tasks]
        return None if None in figures else [one for one in figures if one is not None]


def compare(task: Comparing) -> list[Figures]:
    """Measure what isn't measured yet, and keep the figures of each codec."""
    recording = task.tasks[0].coding.recording
    with concerning(recording.path):
        reference = refer(read(recording.file), recording.phones)
        return [one.known() or _measured(one, reference) for one in task.tasks]


def _measured(task: Measurement, reference: Reference) -> Figures:
    coding = task.coding
    decoded = rounded(align(read_flac(coding.sound), task.delay, reference.wave))
    task.part.forget()
    write_flac(places.clip(coding.folder, coding.codec, coding.recording.id), decoded)
    figures = measure(reference, decoded)
    task.part.save(figures)
    return figures
