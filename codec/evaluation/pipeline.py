"""The steps of an evaluation for all codecs: code, find delays, measure, transcribe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sottovoce.codec.evaluation.coding import (
    Characterising,
    CodedRecording,
    CodingMeasurement,
    SpeakerTraits,
    characterise,
    code,
)
from sottovoce.codec.evaluation.measuring import Comparing, Measurement, compare
from sottovoce.codec.evaluation.metrics import Figures
from sottovoce.codec.evaluation.original import NAME
from sottovoce.codec.evaluation.peers.base import Peer
from sottovoce.codec.evaluation.recogniser import RecogniserModel
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.report import CodecRow
from sottovoce.codec.evaluation.transcribing import Transcript, Transcription, transcribe
from sottovoce.codec.evaluation.word_errors import word_figures
from sottovoce.codec.evaluation.work import Work


class DecodedSignal(NamedTuple):
    """A recording that was read: its length in samples and the checksum of these."""

    recording: ReferenceRecording
    samples: int
    crc32: int


@dataclass(frozen=True)
class Pipeline:
    """The steps of an evaluation.

    Parameters
    ----------
    folder : Path
        Of the report.
    codecs : sequence of Peer
        What is measured; the original is among them.
    signals : sequence of DecodedSignal
        The recordings.
    model : str
        Name of this codec's model, or path of its weights.
    versions : mapping
        Versions of the metrics.
    recogniser : RecogniserModel, optional
        For word error rates.
    language : str
        Language of recordings for which none is known.
    work : Work
        Looks up stored results and has the rest computed.
    """

    folder: Path
    codecs: Sequence[Peer]
    signals: Sequence[DecodedSignal]
    model: str
    versions: Mapping[str, Any]
    recogniser: RecogniserModel | None
    language: str
    work: Work

    def rows(self) -> list[CodecRow]:
        """Return all figures of each codec."""
        codings = [
            [
                CodingMeasurement(self.folder, codec.name, codec.identity, self.model, one.recording, one.crc32)
                for one in self.signals
            ]
            for codec in self.codecs
        ]
        coded = self._each_codec(self.work.done("coding", code, [one for row in codings for one in row]))
        traits = self._traits(codings, coded)
        measurements = [
            [
                Measurement(task, one["crc32"], trait["delay"], self.versions)
                for task, one in zip(row, back, strict=True)
            ]
            for row, back, trait in zip(codings, coded, traits, strict=True)
        ]
        columns = [Comparing(column) for column in zip(*measurements, strict=True)]
        figures = [list(row) for row in zip(*self.work.done("measuring", compare, columns), strict=True)]
        transcripts = self._transcripts(measurements)
        figures = self._with_words(figures, transcripts)
        return [CodecRow(*row) for row in zip(self.codecs, coded, traits, figures, transcripts, strict=True)]

    def _each_codec(self, flat: Sequence[Any]) -> list[list[Any]]:
        count = len(self.signals)
        return [list(flat[start : start + count]) for start in range(0, len(flat), count)]

    def _traits(
        self, codings: Sequence[Sequence[CodingMeasurement]], coded: Sequence[Sequence[CodedRecording]]
    ) -> list[SpeakerTraits]:
        longest = max(range(len(self.signals)), key=lambda i: self.signals[i].samples)
        tasks = [
            Characterising(row, [one["crc32"] for one in back], row[longest])
            for row, back in zip(codings, coded, strict=True)
        ]
        return self.work.done("aligning", characterise, tasks)

    def _language(self, recording: ReferenceRecording) -> str:
        return (recording.language or self.language).lower()[:2]

    def _transcripts(self, measurements: Sequence[Sequence[Measurement]]) -> list[list[Transcript]]:
        if self.recogniser is None:
            return [[{"text": None}] * len(self.signals) for _ in self.codecs]
        tasks = [
            Transcription(one, self.recogniser, self._language(one.coding.recording))
            for row in measurements
            for one in row
        ]
        return self._each_codec(self.work.done("transcribing", transcribe, tasks))

    def _with_words(
        self, figures: Sequence[Sequence[Figures]], transcripts: Sequence[Sequence[Transcript]]
    ) -> list[list[Figures]]:
        """Add word error rates to the figures of each codec and recording."""
        if self.recogniser is None:
            return [list(row) for row in figures]
        original = transcripts[[codec.name for codec in self.codecs].index(NAME)]
        return [
            [
                figure | word_figures(said["text"], true["text"], one.recording.text, self._language(one.recording))
                for figure, said, true, one in zip(row, texts, original, self.signals, strict=True)
            ]
            for row, texts in zip(figures, transcripts, strict=True)
        ]
