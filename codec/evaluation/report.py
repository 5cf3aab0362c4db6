"""The report: figures of all codecs put together, and its files."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sottovoce.codec.evaluation.coding import CodedRecording, SpeakerTraits
from sottovoce.codec.evaluation.markdown import markdown
from sottovoce.codec.evaluation.metrics import METRICS, Figures
from sottovoce.codec.evaluation.peers.base import Peer
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.statistics import Mean, interval
from sottovoce.codec.io.files import writing

FORMAT = 1

GROUPS: dict[str, Callable[[ReferenceRecording], str]] = {
    "corpus": lambda recording: recording.corpus,
    "gender": lambda recording: recording.gender,
    "age": lambda recording: recording.generation,
}
"""What recordings are grouped by; those of which it isn't known are in none of its groups."""


class CodecRow(NamedTuple):
    """All that was found of a codec: what it is like, and of each recording its coding and figures."""

    codec: Peer
    coded: Sequence[CodedRecording]
    traits: SpeakerTraits
    figures: Sequence[Figures]


def assemble(
    versions: Mapping[str, Any],
    model: Mapping[str, str],
    heard: Sequence[tuple[ReferenceRecording, float, int]],
    rows: Sequence[CodecRow],
    missing: Mapping[str, str],
) -> dict[str, Any]:
    """Put together what report.json holds.

    Parameters
    ----------
    versions, model : mapping
        Of what measured, and of ours.
    heard : sequence of (ReferenceRecording, float, int)
        Recordings, their seconds and checksums.
    rows : sequence of CodecRow
        The codecs, in order.
    missing : mapping
        Commands that install codecs which weren't there, by their names.
    """
    return {
        "format": FORMAT,
        "versions": dict(versions),
        "model": dict(model),
        "metrics": [
            {"key": key, "title": one.title, "digits": one.digits, "better": "more" if one.more else "less"}
            for key, one in METRICS.items()
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
                "seconds": round(seconds, 3),
                "crc32": crc32,
            }
            for recording, seconds, crc32 in heard
        ],
        "codecs": [_codec(row, [one for one, _, _ in heard], sum(seconds for _, seconds, _ in heard)) for row in rows],
        "missing": dict(missing),
    }


def _codec(row: CodecRow, recordings: Sequence[ReferenceRecording], seconds: float) -> dict[str, Any]:
    codec, coded, traits, figures = row
    real = 8 * sum(one["bytes"] for one in coded) / seconds
    return {
        "name": codec.name,
        "title": codec.title,
        "family": codec.family,
        "identity": codec.identity,
        "bit_rate": codec.bit_rate,
        "file_bit_rate": None if codec.bit_rate is None else round(real, 1),
        "encode_rtf": round(sum(one["encoding"] for one in coded) / seconds, 5),
        "decode_rtf": round(sum(one["decoding"] for one in coded) / seconds, 5),
        "encode_memory": traits["encode_memory"],
        "decode_memory": traits["decode_memory"],
        "delay": traits["delay"],
        "means": _means(figures, recordings),
        "groups": {name: _grouped(figures, recordings, group) for name, group in GROUPS.items()},
        "recordings": [{"bytes": one["bytes"], **figure} for one, figure in zip(coded, figures, strict=True)],
    }


def _means(figures: Sequence[Figures], recordings: Sequence[ReferenceRecording]) -> dict[str, Mean | None]:
    speakers = [recording.who for recording in recordings]
    return {key: interval([one[key] for one in figures], speakers) for key in METRICS}


def _grouped(
    figures: Sequence[Figures], recordings: Sequence[ReferenceRecording], group: Callable[[ReferenceRecording], str]
) -> dict[str, dict[str, Mean | None]]:
    members: dict[str, list[int]] = {}
    for i, recording in enumerate(recordings):
        members.setdefault(group(recording), []).append(i)
    members.pop("", None)
    return {
        name: _means([figures[i] for i in found], [recordings[i] for i in found])
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
            known = [recording[key] for key in about]
            writer.writerow([codec["name"], *known, figures["bytes"], *(figures[m["key"]] for m in report["metrics"])])
    return lines.getvalue()
