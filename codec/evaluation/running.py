"""An evaluation from recordings to the report."""

import platform
import zlib
from importlib import metadata
from pathlib import Path
from typing import Any

from sottovoce.codec import models
from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation import metrics
from sottovoce.codec.evaluation.codecs import available
from sottovoce.codec.evaluation.condition_report import condition_report
from sottovoce.codec.evaluation.options import EvaluationOptions
from sottovoce.codec.evaluation.peers.base import RATE, MissingProgram
from sottovoce.codec.evaluation.peers.settings import PeerSettings
from sottovoce.codec.evaluation.pipeline import DecodedSignal, Pipeline
from sottovoce.codec.evaluation.predictors import PREDICTORS
from sottovoce.codec.evaluation.published import published
from sottovoce.codec.evaluation.recogniser import find_model
from sottovoce.codec.evaluation.references import ReferenceRecording, find
from sottovoce.codec.evaluation.report import About, assemble, write
from sottovoce.codec.evaluation.store import sweep
from sottovoce.codec.evaluation.waves import read
from sottovoce.codec.evaluation.word_errors import words
from sottovoce.codec.evaluation.work import EvaluationItem, EvaluationProgress, Work, watched


def evaluate(
    source: str,
    output: str,
    options: EvaluationOptions,
    *,
    each: EvaluationItem,
    watcher: EvaluationProgress,
) -> dict[str, Any]:
    """Measure codecs on recordings and write a report.

    Parameters
    ----------
    source : str
        Folder of recordings, or table of them: see `references.find`.
    output : str
        Folder of the report. Results that an earlier run stored there for the same recordings, codecs and metrics are
        used.
    options : EvaluationOptions
        What is measured.
    each : callable
        Spreads the work over processes.
    watcher : EvaluationProgress
        Shows progress and warnings.

    Returns
    -------
    dict
        Contents of report.json.

    Raises
    ------
    SottoError
        When something that the user gave is wrong, or a package or codec fails.
    """
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SottoError("is a file", "name a folder for the report", output)
    versions = metrics.versions()
    recogniser = find_model(options.asr) if options.asr else None
    if recogniser:
        words("", options.language)  # complains now if a package is missing
    recordings = find(source, folder, options.corpus, options.limit)
    release = models.by_name(options.model)

    def missed(name: str, remedy: str) -> None:
        watcher.warn(name, f"not measured; to have it, {remedy}")

    settings = PeerSettings(options.model, options.weights, tuple(options.commands))
    codecs, missing = available(options.against, options.presets or list(release.presets), settings, missed)
    predictors = []
    for name in options.predictors:
        try:
            PREDICTORS[name].folder(settings)
            predictors.append(name)
        except MissingProgram as remedy:
            missing[name] = str(remedy)
            missed(name, str(remedy))
    with watcher.progress("reading"):
        signals = list(watched(watcher, map(_read, recordings), len(recordings)))
    sweep(folder)
    work = Work(each, watcher)
    pipeline = Pipeline(folder, codecs, signals, settings, versions, recogniser, options.language, predictors, work)
    rows = pipeline.rows()
    about = About(
        versions={"python": platform.python_version(), "sottovoce": metadata.version("sottovoce"), **versions},
        model={"name": release.name, "id": release.id.hex(), "sha256": release.card["sha256"]},
        recogniser=recogniser,
        predictors=predictors,
        missing=missing,
    )
    report = assemble(about, [(one.recording, one.samples / RATE, one.crc32) for one in signals], rows)
    seconds = sum(one.samples for one in signals) / RATE
    report["conditions"] = [
        condition_report(one, pipeline.under(one, rows), recordings, seconds, recogniser is not None)
        for one in options.conditions
    ]
    if options.published:
        report["published"] = published()
    write(report, folder)
    return report


def _read(recording: ReferenceRecording) -> DecodedSignal:
    wave = read(recording.file)
    return DecodedSignal(recording, len(wave), zlib.crc32(wave.tobytes()))
