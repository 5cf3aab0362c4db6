"""What all conditions have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.transmission import DIRECT, Transmission


class Degradation(Protocol):
    """Degrades a recording before it is encoded; the same recording in the same way every time."""

    def identity(self, recordings: Sequence[ReferenceRecording]) -> str:
        """Return a text that changes when results can change."""

    def __call__(self, wave: Wave, recording: ReferenceRecording, others: Sequence[ReferenceRecording]) -> Wave:
        """Return the degraded recording.

        Parameters
        ----------
        wave : ndarray of float32 [shape=(n,)]
            The clean recording.
        recording : ReferenceRecording
            Its description.
        others : sequence of ReferenceRecording
            All recordings of the evaluation.
        """


@dataclass(frozen=True)
class Condition:
    """A condition under which codecs are measured.

    Parameters
    ----------
    key : str
        Name of its folder.
    kind : str
        What conditions of the same curve have in common, such as "pink noise".
    title : str
        Its name in the report.
    value : float, optional
        Place on the curve; None if its kind has one condition only.
    unit : str
        Unit of `value`.
    clean : float, optional
        Place on the curve of recordings without the condition; None if that is infinite, as for noise.
    degradation : Degradation, optional
        Changes the recordings. [none]
    transmission : Transmission
        Changes what happens between encoder and decoder.
    """

    key: str
    kind: str
    title: str
    value: float | None = None
    unit: str = ""
    clean: float | None = None
    degradation: Degradation | None = None
    transmission: Transmission = DIRECT
