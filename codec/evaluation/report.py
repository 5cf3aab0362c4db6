"""The report: figures of all codecs put together, and its files."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sottovoce.codec.evaluation.coding import CodedRecording, SpeakerTraits
from sottovoce.codec.evaluation.markdown import markdown
from sottovoce.codec.evaluation.metrics import METRICS, Figures, Metric
from sottovoce.codec.evaluation.peers.base import Peer
from sottovoce.codec.evaluation.predictors import PREDICTORS
from sottovoce.codec.evaluation.recogniser import RecogniserModel
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.statistics import Mean, interval
from sottovoce.codec.evaluation.transcribing import Transcript
from sottovoce.codec.evaluation.word_errors import WORD_METRICS
from sottovoce.codec.io.files import writing
from sottovoce.codec.io.spreadsheet import cell

FORMAT = 1

GROUPS: dict[str, Callable[[ReferenceRecording], str]] = {
    "corpus": lambda recording: recording.corpus,
    "gender": lambda recording: recording.gender,
    "age": lambda recording: recording.generation,
}
"""What recordings are grouped by; those of which it isn't known are in none of its groups."""


class CodecRow(NamedTuple):
    """Results of a codec: its traits, and the coding, figures and transcript of each recording."""

    codec: Peer
    coded: Sequence[CodedRecording]
    traits: SpeakerTraits
    figures: Sequence[Figures]
    transcripts: Sequence[Transcript]


@dataclass(frozen=True)
class About:
    """What a report says about the evaluation itself.

    Parameters
    ----------
    versions, model : mapping
        Versions of the metrics; name, id and hash of this codec's model.
    recogniser : RecogniserModel, optional
        The recogniser of the word error rates.
    predictors : sequence of str
        Names of the predictors of naturalness.
    missing : mapping
        Commands that install what was not there, by its names.
    """

    versions: Mapping[str, Any]
    model: Mapping[str, str]
    recogniser: RecogniserModel | None = None
    predictors: Sequence[str] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Metric]:
        """All metrics that are measured, by key."""
        predicted = {key: one for name in self.predictors for key, one in PREDICTORS[name].metrics.items()}
        return METRICS | predicted | (WORD_METRICS if self.recogniser else {})


def assemble(
    about: About, signals: Sequence[tuple[ReferenceRecording, float, int]], rows: Sequence[CodecRow]
) -> dict[str, Any]:
    """Put together the contents of report.json.

    Parameters
    ----------
    about : About
        The evaluation itself.
    signals : sequence of (ReferenceRecording, float, int)
        Recordings, their seconds and checksums.
    rows : sequence of CodecRow
        The codecs, in order.
    """
    return {
        "format": FORMAT,
        "versions": dict(about.versions),
        "model": dict(about.model),
        "recogniser": _recogniser(about.recogniser),
        "metrics": [
            {"key": key, "title": one.title, "digits": one.digits, "better": "more" if one.more else "less"}
            for key, one in about.metrics.items()
        ],
        "recordings": [
            {
                "id": recording.id,
                "path": recording.path,
                "corpus": recording.corpus,
                "speaker": recording.speaker,
                "gender": recording.gender,
                "age": recording.age,
                "language": recording.language,
                "text": recording.text,
                "seconds": round(seconds, 3),
                "crc32": crc32,
            }
            for recording, seconds, crc32 in signals
        ],
        "codecs": [_codec(row, about.metrics, signals) for row in rows],
        "missing": dict(about.missing),
    }


def nothing_coded(codec: Peer) -> bool:
    """Return whether a codec is only an analysis, which has no rate; external codecs may only not say theirs."""
    return codec.bit_rate is None and codec.family == "anchor"


def _recogniser(model: RecogniserModel | None) -> dict[str, str] | None:
    return model and {"name": model.name, "sha256": model.sha256, "faster-whisper": model.version}


def _codec(
    row: CodecRow, metrics: Mapping[str, Metric], signals: Sequence[tuple[ReferenceRecording, float, int]]
) -> dict[str, Any]:
    codec, coded, traits, figures, transcripts = row
    recordings, seconds = [one for one, _, _ in signals], sum(length for _, length, _ in signals)
    real = 8 * sum(one["bytes"] for one in coded) / seconds
    return {
        "name": codec.name,
        "title": codec.title,
        "family": codec.family,
        "identity": codec.identity,
        "bit_rate": codec.bit_rate,
        "file_bit_rate": None if nothing_coded(codec) else round(real, 1),
        "encode_rtf": round(sum(one["encoding"] for one in coded) / seconds, 5),
        "decode_rtf": round(sum(one["decoding"] for one in coded) / seconds, 5),
        "encode_memory": traits["encode_memory"],
        "decode_memory": traits["decode_memory"],
        "delay": traits["delay"],
        "means": means(figures, recordings, metrics),
        "groups": {name: _grouped(figures, recordings, metrics, group) for name, group in GROUPS.items()},
        "recordings": [
            {"bytes": one["bytes"], **figure, **({} if said["text"] is None else {"transcript": said["text"]})}
            for one, figure, said in zip(coded, figures, transcripts, strict=True)
        ],
    }


def means(
    figures: Sequence[Figures], recordings: Sequence[ReferenceRecording], metrics: Mapping[str, Metric]
) -> dict[str, Mean | None]:
    """Return the mean of each metric with its interval."""
    speakers = [recording.who for recording in recordings]
    weights = {
        key: None if metric.weight is None else [one[metric.weight] for one in figures]
        for key, metric in metrics.items()
    }
    return {key: interval([one[key] for one in figures], speakers, weights[key]) for key in metrics}


def _grouped(
    figures: Sequence[Figures],
    recordings: Sequence[ReferenceRecording],
    metrics: Mapping[str, Metric],
    group: Callable[[ReferenceRecording], str],
) -> dict[str, dict[str, Mean | None]]:
    members: dict[str, list[int]] = {}
    for i, recording in enumerate(recordings):
        members.setdefault(group(recording), []).append(i)
    members.pop("", None)
    return {
        name: means([figures[i] for i in found], [recordings[i] for i in found], metrics)
        for name, found in sorted(members.items())
    }


# ---------------------------------------------------------------- files
def write(report: dict[str, Any], folder: Path) -> None:
    """Write report.json, report.csv, report.md and report.html, each whole or not at all."""
    from sottovoce.codec.evaluation import page

    _save(folder / "report.json", json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _save(folder / "report.csv", table(report))
    _save(folder / "report.md", markdown(report))
    _save(folder / "report.html", page.build(report, folder))


def _save(path: Path, text: str) -> None:
    with writing(str(path), force=True) as file:
        file.write(text.encode())


def table(report: Mapping[str, Any]) -> str:
    """Return all figures as CSV, a line for each codec and recording; what isn't known is empty."""
    about = ("id", "path", "corpus", "speaker", "gender", "age", "language", "seconds")
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["codec", *about, "bytes", *(metric["key"] for metric in report["metrics"])])
    for codec in report["codecs"]:
        for recording, figures in zip(report["recordings"], codec["recordings"], strict=True):
            known = [cell(value) if isinstance(value := recording[key], str) else value for key in about]
            writer.writerow(
                [cell(codec["name"]), *known, figures["bytes"], *(figures[m["key"]] for m in report["metrics"])]
            )
    return lines.getvalue()
