"""Transcripts of decoded recordings, which are stored like other figures."""

from dataclasses import dataclass
from typing import TypedDict

from sottovoce.codec.errors import error_context
from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.measuring import Measurement
from sottovoce.codec.evaluation.recogniser import RecogniserModel, recogniser
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.codec.evaluation.waves import read_flac


class Transcript(TypedDict):
    """What a recogniser finds in a recording; None in a language that it does not know."""

    text: str | None


@dataclass(frozen=True)
class Transcription:
    """A decoded recording to transcribe.

    Parameters
    ----------
    measurement : Measurement
        The recording and the codec.
    model : RecogniserModel
        The recogniser.
    language : str
        Language that is spoken.
    """

    measurement: Measurement
    model: RecogniserModel
    language: str

    @property
    def part(self) -> StoredPart:
        """The file in which the transcript is stored."""
        coding, one = self.measurement.coding, self.measurement
        key = {"recording": coding.crc32, "decoded": one.crc32, "delay": one.delay, "language": self.language}
        path = places.parts(coding.folder, coding.codec) / f"{coding.recording.id}.words.json"
        return StoredPart(path, key | {"model": self.model.identity})

    def known(self) -> Transcript | None:
        """Return the transcript if it is stored."""
        transcript: Transcript | None = self.part.load()
        return transcript


def transcribe(task: Transcription) -> Transcript:
    """Transcribe what is measured and can be listened to, and store the transcript."""
    coding = task.measurement.coding
    with error_context(f"{coding.codec}, {coding.recording.path}"):
        wave = read_flac(places.clip(coding.folder, coding.codec, coding.recording.id))
        transcript: Transcript = {"text": recogniser(task.model.folder).transcribe(wave, task.language)}
    task.part.save(transcript)
    return transcript
