"""Encode and decode corpora on a cluster: `sottovoce.corpus`."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sottovoce.codec.api import Codec
from sottovoce.codec.corpus.engine import connected, run
from sottovoce.codec.corpus.manifest import NAME, Manifest, ManifestRow, is_manifest
from sottovoce.codec.corpus.stores import Store
from sottovoce.codec.corpus.work import Decodings, Encoding, Task
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline import tags as tag_lines
from sottovoce.codec.offline.options import DecodeOptions, EncodeOptions
from sottovoce.models.audio.reader import AUDIO_SUFFIXES

Report = Callable[[ManifestRow], None]


def no_report(row: ManifestRow) -> None:
    """Ignore a row."""


@dataclass(frozen=True)
class RunSummary:
    """Result of a distributed run.

    Attributes
    ----------
    done, failed, skipped : int
        Recordings that were converted, that failed, and that an earlier run had converted.
    seconds : float
        Length of the recordings that were converted in this run.
    bytes : int
        Size of their outputs.
    manifest : str
        Path or URL of the manifest, a Parquet file with a row for each recording.
    """

    done: int
    failed: int
    skipped: int
    seconds: float
    bytes: int
    manifest: str


def encode(
    source: str,
    output: str,
    *,
    cluster: Any = "local:1",
    model: str = "default",
    preset: str = "default",
    dtx: bool = False,
    protect: int = 0,
    tags: Mapping[str, str | Sequence[str]] | None = None,
    carry_tags: bool = True,
    retries: int = 3,
    force: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    report: Report = no_report,
) -> RunSummary:
    """Encode all recordings in a folder and below on a Dask cluster.

    The same call goes on with a run that was interrupted. Each output is complete when it has its name, and has one row
    in the manifest.

    Parameters
    ----------
    source, output : str
        Folders: local paths, or URLs of any file system that fsspec knows (s3://, gs://, http://, memory://).
    cluster : str or distributed.Client
        Address of a scheduler, ``local:N`` for N processes on this machine, or a client.
    model, preset : str
        As for `Codec.load`. A path of weights is one on the workers, too.
    dtx, protect, tags
        As for `Codec.encode`.
    carry_tags : bool
        Whether each file gets the tags of its recording, too.
    retries : int
        How often a file is tried again after an error of the store.
    force : bool
        Whether to begin anew and overwrite outputs.
    storage_options : mapping, optional
        Options of the file systems.
    report : callable
        Called with each `ManifestRow` as it comes.

    Returns
    -------
    RunSummary

    Raises
    ------
    SottoError
        When a folder, the cluster or an option is not valid, or outputs exist that are of no earlier run.
    """
    codec = Codec.load(model=model, preset=preset)
    metadata = tag_lines.pack(tag_lines.lines(tags or {}))
    options = EncodeOptions(metadata=metadata, carry_tags=carry_tags, dtx=dtx, protect=protect)
    settings = {"do": "encode", "model": codec.model.id.hex(), "preset": preset, "dtx": dtx, "protect": protect}
    settings |= {"tags": (metadata or b"").hex(), "carry_tags": carry_tags}
    stores = Store(source, storage_options or {}), Store(output, storage_options or {})
    work = Encoding(*stores, model, preset, options, retries)
    return _run(work, AUDIO_SUFFIXES, ".sotto", settings, cluster, force=force, report=report)


def decode(
    source: str,
    output: str,
    *,
    cluster: Any = "local:1",
    model: str = "default",
    seed: int = 0,
    speed: float = 1.0,
    retries: int = 3,
    force: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    report: Report = no_report,
) -> RunSummary:
    """Decode all .sotto files in a folder and below to WAV on a Dask cluster: see `encode`.

    Parameters
    ----------
    source, output, cluster, retries, force, storage_options, report
        As for `encode`.
    model : str
        A model in addition to the bundled ones.
    seed, speed
        As for `Codec.decode`.

    Returns
    -------
    RunSummary

    Raises
    ------
    SottoError
        As `encode` does.
    """
    known = Codec.load(model=model).model
    options = DecodeOptions(seed, speed)
    settings = {"do": "decode", "model": known.id.hex(), "seed": seed, "speed": speed}
    stores = Store(source, storage_options or {}), Store(output, storage_options or {})
    work = Decodings(*stores, model, options, retries)
    return _run(work, frozenset([".sotto"]), ".wav", settings, cluster, force=force, report=report)


def _run(
    work: Encoding | Decodings,
    suffixes: frozenset[str],
    suffix: str,
    settings: Mapping[str, Any],
    cluster: Any,
    *,
    force: bool,
    report: Report,
) -> RunSummary:
    tasks = [
        Task(path, os.path.splitext(path)[0] + suffix, size)
        for path, size in work.source.sizes().items()
        if os.path.splitext(path)[1].lower() in suffixes
    ]
    if not tasks:
        raise SottoError("no such files in it", "give a folder with some in it or below", work.source.url)
    _prepare(work.target, {task.output for task in tasks}, force=force)
    new: list[ManifestRow] = []

    def note(row: ManifestRow) -> None:
        new.append(row)
        report(row)

    manifest = Manifest(work.target, settings, force=force)
    left, refused = _distinct([task for task in tasks if not manifest.has(task.path)])
    manifest.add(refused)
    for row in refused:
        note(row)
    try:
        if left:
            with connected(cluster) as client:
                run(left, work, client, manifest, note)
    except BaseException:
        manifest.flush()
        raise
    manifest.close()
    good = [row for row in new if row.status == "done"]
    seconds, size = sum(row.seconds for row in good), sum(row.bytes for row in good)
    return RunSummary(len(good), len(new) - len(good), len(tasks) - len(new), seconds, size, work.target.shown(NAME))


def _prepare(target: Store, outputs: set[str], *, force: bool) -> None:
    """Make sure that outputs that exist are of this run: others are removed, or refused."""
    there = target.sizes()
    existing = there.keys() & outputs
    if force:
        for name in existing:
            target.remove(name)
    elif existing and not any(is_manifest(name) for name in there):
        reason = f"{len(existing)} outputs exist already, such as {min(existing)}, and no manifest"
        raise SottoError(reason, "-f overwrites them", target.url)


def _distinct(tasks: list[Task]) -> tuple[list[Task], list[ManifestRow]]:
    """Return the tasks that have an output of their own, and rows for the others."""
    by_output: dict[str, list[Task]] = {}
    for task in tasks:
        by_output.setdefault(task.output, []).append(task)
    good = [same[0] for same in by_output.values() if len(same) == 1]
    shared = [task for same in by_output.values() if len(same) > 1 for task in same]
    message = "has the same output as another recording; rename one"
    return good, [ManifestRow(task.path, task.output, "failed", message) for task in shared]
