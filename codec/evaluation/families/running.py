"""The whole of a comparison: each family measured on all recordings, then the report."""

from __future__ import annotations

import json
import platform
import zlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.evaluation.families import page
from sottovoce.codec.evaluation.families.hearing import originals, prompts
from sottovoce.codec.evaluation.families.measuring import FamilyMeasurement, measure
from sottovoce.codec.evaluation.families.opening import open_families
from sottovoce.codec.evaluation.families.rows import FamilyResult, assemble
from sottovoce.codec.evaluation.families.table import markdown
from sottovoce.codec.evaluation.page.examples import choose
from sottovoce.codec.evaluation.references import ReferenceRecording, find
from sottovoce.codec.evaluation.store import sweep
from sottovoce.codec.evaluation.work import EvaluationItem, EvaluationProgress, Work, watched
from sottovoce.codec.io.files import writing
from sottovoce.models.families import store
from sottovoce.models.families.classes import read_classes
from sottovoce.models.features import SAMPLE_RATE

HEARD = 2
"""Recordings whose beginnings the families go on from."""


def compare(
    source: str, output: str, *, families: Sequence[str], each: EvaluationItem, watcher: EvaluationProgress
) -> dict[str, Any]:
    """Measure families of models on recordings and write a report.

    Parameters
    ----------
    source : str
        Folder of recordings, or table of them: see `references.find`.
    output : str
        Folder of the report. Families that an earlier run has measured there on the same recordings are not measured
        again.
    families : sequence of str
        Names of families in the box, or files or run folders that `sotto train` made; all in the box where it's empty.
    each : callable
        Spreads the work.
    watcher : EvaluationProgress
        Receives the progress.

    Returns
    -------
    dict
        What compare.json holds.

    Raises
    ------
    SottoError
        When something that the user gave is wrong.
    """
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SottoError("is a file", "name a folder for the report", output)
    opened = [one for one, _ in open_families(families or store.available())]
    if not opened:
        raise SottoError("no families in the box", "train some, and name their family.safetensors with --families")
    recordings = find(source, folder)
    with watcher.progress("reading"):
        waves = list(watched(watcher, map(_read, recordings), len(recordings)))
    chosen = choose([_traits(one, len(x)) for one, x in zip(recordings, waves, strict=True)], HEARD)
    crc32 = 0
    for x in waves:
        crc32 = zlib.crc32(x.tobytes(), zlib.crc32(str(len(x)).encode(), crc32))
    sweep(folder)
    tasks = [
        FamilyMeasurement(folder, one.name, one.file, one.sha256, tuple(recordings), tuple(chosen), crc32)
        for one in opened
    ]
    results = Work(each, watcher).done("measuring", measure, tasks)
    found = [
        FamilyResult(one.name, one.about, one.bytes, one.sha256, result)
        for one, result in zip(opened, results, strict=True)
    ]
    versions = {
        "python": platform.python_version(),
        "sottovoce": metadata.version("sottovoce"),
        "torch": torch.__version__,
    }
    counts = [(one, len(x)) for one, x in zip(recordings, waves, strict=True)]
    report = assemble(found, counts, chosen, versions)
    real = originals(prompts([torch.from_numpy(waves[i]).long() for i in chosen]))
    _save(folder / "compare.json", json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _save(folder / "compare.md", markdown(report))
    _save(folder / "compare.html", page.build(report, {one.name: one.measured["clips"] for one in found}, real))
    return report


def _read(recording: ReferenceRecording) -> NDArray[np.uint8]:
    """Read the mu-law classes of a recording, which every family models."""
    with error_context(str(recording.file)):
        return read_classes(recording.file)


def _traits(recording: ReferenceRecording, samples: int) -> dict[str, Any]:
    """What `choose` wants to know of a recording."""
    known = ("id", "path", "corpus", "speaker", "gender", "age", "language")
    return {"seconds": samples / SAMPLE_RATE, **{name: getattr(recording, name) for name in known}}


def _save(path: Path, text: str) -> None:
    with writing(str(path), force=True) as file:
        file.write(text.encode())
