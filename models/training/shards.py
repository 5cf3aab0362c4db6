"""Any folder of speech -> training shards: level-normalised 16 kHz waves and their F0, back to back."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from sottovoce.models.features import HOP, SAMPLE_RATE
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.training.stand_in import pkg_resources

SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au"}
UNIT = 640  # every utterance is padded to whole latent steps, so that shards join without a shift of frames
SHARD_SAMPLES = 30_000_000
DEV_SHARE = 0.05  # of the speakers, kept from training to tune on
RECORDING_SHARE = 20  # every so many recordings one is kept from training where there is a single speaker


@dataclass(frozen=True)
class Utterance:
    """One recording: its path, who speaks as far as is known (else each recording is its own speaker), what is said.

    `phones` is "NAME:first:end ..." in frames of 10 ms, or empty where nobody knows.
    """

    path: Path
    speaker: str
    phones: str = ""


def list_utterances(directory: Path, *, table: Path | None = None, one_speaker: bool = False) -> list[Utterance]:
    """All recordings under a folder, ordered by speaker.

    A table (columns `path`, relative to the table, and `speaker`), by default `directory.csv` beside the folder, says
    who speaks; without one the folder that holds a recording is its speaker, or all recordings are of `one_speaker`. A
    speaker called "", "unknown" or "spk_unknown" is nobody in particular. Where a table of alignments
    (`read_alignments`) lies, phones are taken from it.
    """
    known = {}
    own = table is not None
    table = table or directory.with_name(directory.name + ".csv")
    if not one_speaker and (own or table.exists()):
        with table.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            if not {"path", "speaker"} <= set(rows.fieldnames or ()):
                raise ValueError(
                    f"{table}: needs the columns path and speaker; it has {', '.join(rows.fieldnames or ())}"
                )
            known = {(table.parent / row["path"]).resolve(): row["speaker"] for row in rows}
    phones = read_alignments(directory)
    found = []
    for path in sorted(p for p in directory.rglob("*") if p.suffix.lower() in SUFFIXES):
        name = known.get(path.resolve(), path.parent.name)
        corpus = path.parent.relative_to(directory)
        single = name.removeprefix("spk_") in ("", "unknown")
        speaker = str(path.relative_to(directory)) if single else f"{corpus}:{name}"
        speaker = directory.name if one_speaker else speaker
        found.append(Utterance(path, speaker, phones.get(path.resolve(), "")))
    return sorted(found, key=lambda u: (u.speaker, u.path))


def read_alignments(directory: Path) -> dict[Path, str]:
    """Phones of recordings as "NAME:first:end ...", from the nearest `alignments.csv` in a folder or above it.

    The table has columns `path`, relative to the table, and `phones`; a table with others is someone else's.
    """
    directory = directory.resolve()
    for folder in (directory, *directory.parents):
        table = folder / "alignments.csv"
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as lines:
                rows = csv.DictReader(lines)
                if {"path", "phones"} <= set(rows.fieldnames or ()):
                    return {(folder / row["path"]).resolve(): row["phones"] or "" for row in rows}
    return {}


def fundamental(wave: NDArray[np.float64]) -> NDArray[np.float16]:
    """F0 in Hz at 100 Hz, 0 where unvoiced: DIO refined by StoneMask (WORLD, Morise et al. 2016)."""
    with pkg_resources():
        import pyworld

    # frame i of ours is centred on sample 160 i + 80: DIO's frame i is centred on 160 i
    late = np.concatenate([wave[HOP // 2 :], np.zeros(HOP // 2)])
    coarse, times = pyworld.dio(late, SAMPLE_RATE, f0_floor=60.0, f0_ceil=600.0, frame_period=10.0)
    return pyworld.stonemask(late, coarse, times, SAMPLE_RATE)[: len(wave) // HOP].astype(np.float16)


def read_normalised(path: Path) -> NDArray[np.int16]:
    """A recording as 16 kHz mono at the models' level."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = wave.mean(1)
    if not np.isfinite(mono).all():
        raise ValueError("holds samples that are not numbers")
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    mono = mono * gain_to_target(active_level(mono))
    return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)


def prepare_one(path: Path) -> tuple[NDArray[np.int16], NDArray[np.float16]] | str:
    """Wave and F0 of one recording, or why it could not be used."""
    try:
        wave = read_normalised(path)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        return f"{path}: {error}"
    if not len(wave):
        return f"{path}: empty"
    wave = np.pad(wave, (0, -len(wave) % UNIT))
    return wave, fundamental(wave.astype(np.float64) / 32768)


def is_dev(speaker: str) -> bool:
    """Whether a speaker is held out of training, decided by the name alone."""
    return zlib.crc32(speaker.encode()) % 10_000 < DEV_SHARE * 10_000


def held_out(speakers: Iterable[str]) -> set[str]:
    """Speakers kept from training: those that `is_dev` says, and one of several where it says none."""
    names = sorted(set(speakers), key=lambda name: zlib.crc32(name.encode()) % 10_000)
    return {name for name in names if is_dev(name)} or set(names[:1] if len(names) > 1 else [])


def held_out_utterances(utterances: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each utterance of an index is kept from training.

    These are all of some speakers (`held_out`); of a single speaker it is every twentieth recording, or the last one.
    """
    speakers = {str(utterance["speaker"]) for utterance in utterances}
    if len(speakers) == 1:
        every = min(RECORDING_SHARE, len(utterances))
        return [every > 1 and i % every == every - 1 for i in range(len(utterances))]
    held = held_out(speakers)
    return [utterance["speaker"] in held for utterance in utterances]


def load_split(directory: Path | str, split: str) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """What `prepare` wrote: the index's utterances of a split ('train', or 'dev' for the speakers held out), and the
    tensors `wave` and `f0` of all utterances.

    Raises
    ------
    FileNotFoundError
        When there are no shards.
    """
    directory = Path(directory)
    path = directory / "index.json"
    if not path.exists():
        raise FileNotFoundError(f"{directory}: no index.json; make shards with: sotto prepare DIR -o {directory}")
    index = json.loads(path.read_text())
    shards = [load_file(directory / f"shard-{i:03d}.safetensors") for i in range(index["shards"])]
    held = held_out_utterances(index["utterances"])
    chosen = [u for u, one in zip(index["utterances"], held, strict=True) if one == (split == "dev")]
    if not chosen:
        raise ValueError(
            f"{directory}: one recording only; training holds some out to test on: prepare two recordings or more"
        )
    return chosen, {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}


def prepare(
    directory: Path | str, output: Path | str, jobs: int = 1, *, table: Path | None = None, one_speaker: bool = False
) -> dict[str, object]:
    """Write shards of all speech under a folder.

    Parameters
    ----------
    directory : path
        Searched for recordings (`list_utterances`).
    output : path
        Folder for `index.json` and `shard-000.safetensors` ... with tensors `wave` (int16, all utterances back to
        back) and `f0` (float16, Hz, one value every 160 samples, 0 where unvoiced).
    jobs : int
        Worker processes.
    table, one_speaker
        Who speaks: see `list_utterances`.

    Returns
    -------
    dict
        The index: utterances with speaker, start and length, and phones where they are known (their frames are those
        of the wave), hours, and what was skipped and why.
    """
    directory, output = Path(directory).resolve(), Path(output)
    utterances = list_utterances(directory, table=table, one_speaker=one_speaker)
    if not utterances:
        raise ValueError(f"{directory}: no recordings found; supported are {', '.join(sorted(SUFFIXES))}")
    output.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, object]] = []
    skipped: list[str] = []
    waves: list[NDArray[np.int16]] = []
    tracks: list[NDArray[np.float16]] = []
    total = held = shards = 0

    def flush() -> None:
        nonlocal held, shards
        if waves:
            tensors = {"wave": np.concatenate(waves), "f0": np.concatenate(tracks)}
            (output / f"shard-{shards:03d}.safetensors").write_bytes(save(tensors))
            shards, held = shards + 1, 0
            waves.clear()
            tracks.clear()

    with ProcessPoolExecutor(jobs) as pool:
        for utterance, result in zip(
            utterances, pool.map(prepare_one, [u.path for u in utterances], chunksize=16), strict=True
        ):
            if isinstance(result, str):
                skipped.append(result)
                continue
            wave, f0 = result
            waves.append(wave)
            tracks.append(f0)
            entry: dict[str, object] = {"speaker": utterance.speaker, "start": total, "samples": len(wave)}
            entries.append(entry | ({"phones": utterance.phones} if utterance.phones else {}))
            total, held = total + len(wave), held + len(wave)
            if held >= SHARD_SAMPLES:
                flush()
    flush()
    index = {
        "sample_rate": SAMPLE_RATE,
        "source": directory.name,
        "hours": round(total / SAMPLE_RATE / 3600, 3),
        "shards": shards,
        "utterances": entries,
        "skipped": skipped,
    }
    (output / "index.json").write_text(json.dumps(index))
    return index
