"""The steps of an evaluation for all codecs: degrade, code, find delays, measure, transcribe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sottovoce.codec.evaluation import degrading, places
from sottovoce.codec.evaluation.coding import Characterising, CodedRecording, CodingMeasurement, characterise, code
from sottovoce.codec.evaluation.conditions.base import Condition
from sottovoce.codec.evaluation.measuring import DEGRADED, CleanRecording, Comparing, Measurement, compare
from sottovoce.codec.evaluation.metrics import Figures
from sottovoce.codec.evaluation.original import NAME
from sottovoce.codec.evaluation.peers.base import Peer
from sottovoce.codec.evaluation.peers.settings import PeerSettings
from sottovoce.codec.evaluation.predicting import Prediction, predict_one
from sottovoce.codec.evaluation.predictors import PREDICTORS
from sottovoce.codec.evaluation.recogniser import RecogniserModel
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.report import CodecRow
from sottovoce.codec.evaluation.transcribing import Transcript, Transcription, transcribe
from sottovoce.codec.evaluation.transmission import DIRECT, Transmission
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
    settings : PeerSettings
        What codecs are made with.
    versions : mapping
        Versions of the metrics.
    recogniser : RecogniserModel, optional
        For word error rates.
    language : str
        Language of recordings for which none is known.
    predictors : sequence of str
        Names of predictors of naturalness whose packages and weights are there.
    work : Work
        Looks up stored results and has the rest computed.
    """

    folder: Path
    codecs: Sequence[Peer]
    signals: Sequence[DecodedSignal]
    settings: PeerSettings
    versions: Mapping[str, Any]
    recogniser: RecogniserModel | None
    language: str
    predictors: Sequence[str]
    work: Work

    def rows(self) -> list[CodecRow]:
        """Return all figures of each codec."""
        codings, coded = self._coded(DIRECT)
        longest = max(range(len(self.signals)), key=lambda i: self.signals[i].samples)
        tasks = [
            Characterising(row, [one["crc32"] for one in back], row[longest])
            for row, back in zip(codings, coded, strict=True)
        ]
        traits = self.work.done("aligning", characterise, tasks)
        measurements = self._measurements(codings, coded, [one["delay"] for one in traits], ())
        figures, transcripts = self._predicted(measurements), self._transcripts(measurements)
        figures = self._with_words(figures, transcripts, self._originals(transcripts))
        return [CodecRow(*row) for row in zip(self.codecs, coded, traits, figures, transcripts, strict=True)]

    def under(self, condition: Condition, clean: Sequence[CodecRow]) -> list[CodecRow]:
        """Return the figures of each codec under a condition, if it can be measured there.

        Parameters
        ----------
        condition : Condition
            The condition.
        clean : sequence of CodecRow
            What `rows` returned. A codec's delay is that of clean speech, once for each generation.
        """
        rows = [row for row in clean if condition.transmission.carries(row.codec)]
        one = replace(
            self,
            folder=places.condition(self.folder, condition.key),
            codecs=[row.codec for row in rows],
            signals=self._degraded(condition),
        )
        codings, coded = one._coded(condition.transmission)
        delays = [condition.transmission.generations * row.traits["delay"] for row in rows]
        degraded = condition.degradation is not None
        origins = [CleanRecording(signal.recording, signal.crc32, degraded) for signal in self.signals]
        measurements = one._measurements(codings, coded, delays, origins)
        figures, transcripts = one._measured(measurements), one._transcripts(measurements)
        originals = self._originals([row.transcripts for row in clean])
        figures = one._with_words(figures, transcripts, originals)
        if degraded:
            figures = one._with_words(figures, transcripts, one._originals(transcripts), DEGRADED)
        traits = [row.traits for row in rows]
        return [CodecRow(*row) for row in zip(one.codecs, coded, traits, figures, transcripts, strict=True)]

    def _degraded(self, condition: Condition) -> Sequence[DecodedSignal]:
        folder = places.condition(self.folder, condition.key)
        recordings = [signal.recording for signal in self.signals]
        tasks = degrading.tasks(folder, condition, recordings, [signal.crc32 for signal in self.signals])
        if not tasks:
            return self.signals
        results = self.work.done(f"degrading: {condition.title}", degrading.degrade, tasks)
        return [
            DecodedSignal(replace(task.recording, file=task.file), result["samples"], result["crc32"])
            for task, result in zip(tasks, results, strict=True)
        ]

    def _coded(self, transmission: Transmission) -> tuple[list[list[CodingMeasurement]], list[list[CodedRecording]]]:
        codings = [
            [
                CodingMeasurement(
                    self.folder, codec.name, codec.identity, self.settings, one.recording, one.crc32, transmission
                )
                for one in self.signals
            ]
            for codec in self.codecs
        ]
        return codings, self._each_codec(self.work.done("coding", code, [one for row in codings for one in row]))

    def _each_codec(self, flat: Sequence[Any]) -> list[list[Any]]:
        count = len(self.signals)
        return [list(flat[start : start + count]) for start in range(0, len(flat), count)]

    def _measurements(
        self,
        codings: Sequence[Sequence[CodingMeasurement]],
        coded: Sequence[Sequence[CodedRecording]],
        delays: Sequence[int],
        clean: Sequence[CleanRecording],
    ) -> list[list[Measurement]]:
        origins: Sequence[CleanRecording | None] = clean or [None] * len(self.signals)
        return [
            [
                Measurement(task, one["crc32"], delay, self.versions, origin)
                for task, one, origin in zip(row, back, origins, strict=True)
            ]
            for row, back, delay in zip(codings, coded, delays, strict=True)
        ]

    def _measured(self, measurements: Sequence[Sequence[Measurement]]) -> list[list[Figures]]:
        columns = [Comparing(column) for column in zip(*measurements, strict=True)]
        return [list(row) for row in zip(*self.work.done("measuring", compare, columns), strict=True)]

    def _predicted(self, measurements: Sequence[Sequence[Measurement]]) -> list[list[Figures]]:
        """Measure, and add what predictors say."""
        figures = self._measured(measurements)
        for name in self.predictors:
            one = PREDICTORS[name]
            folder, identity = one.folder(self.settings), one.identity(self.settings)
            tasks = [Prediction(task, name, folder, identity) for row in measurements for task in row]
            more = self._each_codec(self.work.done(f"predicting: {name}", predict_one, tasks))
            figures = [
                [figure | new for figure, new in zip(row, added, strict=True)]
                for row, added in zip(figures, more, strict=True)
            ]
        return figures

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

    def _originals(self, transcripts: Sequence[Sequence[Transcript]]) -> Sequence[Transcript]:
        """Return the transcripts of what is not coded."""
        return transcripts[[codec.name for codec in self.codecs].index(NAME)]

    def _with_words(
        self,
        figures: Sequence[Sequence[Figures]],
        transcripts: Sequence[Sequence[Transcript]],
        originals: Sequence[Transcript],
        prefix: str = "",
    ) -> list[list[Figures]]:
        """Add word error rates against these originals to the figures of each codec and recording."""
        if self.recogniser is None:
            return [list(row) for row in figures]
        return [
            [
                figure | {f"{prefix}{key}": value for key, value in self._words(said, true, one.recording).items()}
                for figure, said, true, one in zip(row, texts, originals, self.signals, strict=True)
            ]
            for row, texts in zip(figures, transcripts, strict=True)
        ]

    def _words(self, said: Transcript, true: Transcript, recording: ReferenceRecording) -> Figures:
        return word_figures(said["text"], true["text"], recording.text, self._language(recording))
