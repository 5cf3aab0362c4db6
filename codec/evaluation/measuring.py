"""Second half of an evaluation: decoded recordings are aligned and measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.alignment import match_level, remove_delay
from sottovoce.codec.evaluation.coding import CodingMeasurement
from sottovoce.codec.evaluation.metrics import CONDITION_METRICS, DEGRADED_METRICS, Figures, Reference, measure
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import kept_flac, read, read_flac, rounded, write_flac

DEGRADED = "degraded_"
"""Prefix of the keys of figures that compare with the degraded recording."""


@dataclass(frozen=True)
class CleanRecording:
    """A recording without the condition under which it is coded.

    Parameters
    ----------
    recording : ReferenceRecording
        The recording.
    crc32 : int
        Checksum of its samples.
    degraded : bool
        Whether the condition degrades the recording, and not only its transmission.
    """

    recording: ReferenceRecording
    crc32: int
    degraded: bool


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
    clean : CleanRecording, optional
        What is compared with under a condition, with `CONDITION_METRICS` only. [the recording, with all metrics]
    """

    coding: CodingMeasurement
    crc32: int
    delay: int
    versions: Mapping[str, Any]
    clean: CleanRecording | None = None

    @property
    def part(self) -> StoredPart:
        """The file in which the figures are stored."""
        coding = self.coding
        key = {"recording": coding.crc32, "phones": " ".join(coding.recording.phones), "decoded": self.crc32}
        path = places.parts(coding.folder, coding.codec) / f"{coding.recording.id}.measured.json"
        if self.clean:
            key["clean"] = self.clean.crc32
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
    recording, clean = task.tasks[0].coding.recording, task.tasks[0].clean
    with error_context(recording.path):
        reference = Reference(read(recording.file), recording.phones)
        origin = Reference(read(clean.recording.file)) if clean else None
        return [one.known() or _measured(one, reference, origin) for one in task.tasks]


def _measured(task: Measurement, reference: Reference, clean: Reference | None) -> Figures:
    coding = task.coding
    output = remove_delay(read_flac(coding.sound), task.delay, len(reference.wave))
    decoded = rounded(match_level(output, reference.wave))
    task.part.forget()
    write_flac(places.clip(coding.folder, coding.codec, coding.recording.id), decoded)
    if clean is None:
        figures = measure(reference, decoded, output)
    else:
        figures = measure(clean, decoded, output, CONDITION_METRICS)
    if task.clean and task.clean.degraded:
        compared = measure(reference, decoded, output, DEGRADED_METRICS)
        figures |= {f"{DEGRADED}{key}": value for key, value in compared.items()}
    task.part.save(figures)
    return figures
