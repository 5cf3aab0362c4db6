"""Second half of an evaluation: decoded recordings are aligned and measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sottovoce.codec.errors import concerning
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.alignment import match_level, remove_delay
from sottovoce.codec.evaluation.coding import CodingMeasurement
from sottovoce.codec.evaluation.metrics import Figures, Reference, measure, refer
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import kept_flac, read, read_flac, rounded, write_flac


@dataclass(frozen=True)
class Measurement:
    """A decoded recording to measure.

    Parameters
    ----------
    coding : CodingMeasurement
        The recording and the codec.
    crc32 : int
        Checksum of the decoded samples.
    delay : int
        Delay of the codec in samples.
    versions : mapping
        Versions of the metrics.
    """

    coding: CodingMeasurement
    crc32: int
    delay: int
    versions: Mapping[str, Any]

    @property
    def part(self) -> StoredPart:
        """The file in which the figures are stored."""
        coding = self.coding
        key = {"recording": coding.crc32, "phones": " ".join(coding.recording.phones), "decoded": self.crc32}
        path = places.parts(coding.folder, coding.codec) / f"{coding.recording.id}.measured.json"
        return StoredPart(path, key | {"delay": self.delay, "versions": dict(self.versions)})

    def known(self) -> Figures | None:
        """Return the figures if they and the decoded sound are stored."""
        clip = places.clip(self.coding.folder, self.coding.codec, self.coding.recording.id)
        figures: Figures | None = self.part.load()
        return figures if figures is not None and kept_flac(clip) is not None else None


@dataclass(frozen=True)
class Comparing:
    """The output of all codecs for one recording, whose reference features are computed once.

    Parameters
    ----------
    tasks : sequence of Measurement
        One for each codec.
    """

    tasks: Sequence[Measurement]

    def known(self) -> list[Figures] | None:
        """Return the figures of each codec if all are stored."""
        figures = [task.known() for task in self.tasks]
        return None if None in figures else [one for one in figures if one is not None]


def compare(task: Comparing) -> list[Figures]:
    """Measure what is not measured yet, and store the figures of each codec."""
    recording = task.tasks[0].coding.recording
    with concerning(recording.path):
        reference = refer(read(recording.file), recording.phones)
        return [one.known() or _measured(one, reference) for one in task.tasks]


def _measured(task: Measurement, reference: Reference) -> Figures:
    coding = task.coding
    output = remove_delay(read_flac(coding.sound), task.delay, len(reference.wave))
    decoded = rounded(match_level(output, reference.wave))
    task.part.forget()
    write_flac(places.clip(coding.folder, coding.codec, coding.recording.id), decoded)
    figures = measure(reference, decoded, output)
    task.part.save(figures)
    return figures
