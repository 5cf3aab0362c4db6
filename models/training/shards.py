"""Training shards of a folder of speech: level-normalised 16 kHz waves and their F0, concatenated."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from sottovoce.models.audio.reader import AUDIO_SUFFIXES, AudioReader
from sottovoce.models.errors import SottoError
from sottovoce.models.features import HOP, SAMPLE_RATE
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.speech_table import known_speaker, read_alignments, read_speakers
from sottovoce.models.training.stand_in import pkg_resources

UNIT = 640  # samples of a latent step; utterances are padded to whole steps, so that frames stay aligned
SHARD_SAMPLES = 30_000_000
DEV_SHARE = 0.05  # of the speakers, held out for validation
RECORDING_SHARE = 20  # of the recordings of a single speaker, every twentieth is held out for validation


@dataclass(frozen=True)
class Utterance:
    """A recording to prepare.

    Parameters
    ----------
    path : Path
        The file.
    speaker : str
        Name of the speaker; a recording of an unknown speaker is one of its own.
    phones : str
        Alignment "NAME:first:end ..." in frames of 10 ms; empty where unknown.
    """

    path: Path
    speaker: str
    phones: str = ""


def list_utterances(directory: Path, *, table: Path | None = None, one_speaker: bool = False) -> list[Utterance]:
    """List all recordings under a folder, ordered by speaker.

    A table names the speakers (`speech_table.read_speakers`); without one, the folder of a recording is its speaker.
    Phones come from a table of alignments (`speech_table.read_alignments`).

    Parameters
    ----------
    directory : Path
    table : Path, optional
        The table of speakers; by default `directory.csv` beside the folder, if there is one.
    one_speaker : bool
        Whether all recordings are of one speaker.

    Returns
    -------
    list of Utterance

    Raises
    ------
    SottoError
        When the table of speakers cannot be read, or lists recordings that do not exist.
    """
    wanted = table is not None
    table = table or directory.with_name(directory.name + ".csv")
    known = read_speakers(table, directory) if not one_speaker and (wanted or table.exists()) else {}
    phones = read_alignments(directory)
    found = []
    for path in sorted(p for p in directory.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES):
        name = known_speaker(known.get(path.resolve(), path.parent.name))
        corpus = path.parent.relative_to(directory)
        speaker = f"{corpus}:{name}" if name else str(path.relative_to(directory))
        speaker = directory.name if one_speaker else speaker
        found.append(Utterance(path, speaker, phones.get(path.resolve(), "")))
    return sorted(found, key=lambda u: (u.speaker, u.path))


def fundamental(wave: NDArray[np.float64]) -> NDArray[np.float16]:
    """Return F0 in Hz at 100 Hz, 0 where unvoiced: DIO with StoneMask (WORLD, Morise et al. 2016)."""
    with pkg_resources():
        import pyworld

    # frame i of ours is centred on sample 160 i + 80: DIO's frame i is centred on 160 i
    late = np.concatenate([wave[HOP // 2 :], np.zeros(HOP // 2)])
    coarse, times = pyworld.dio(late, SAMPLE_RATE, f0_floor=60.0, f0_ceil=600.0, frame_period=10.0)
    return pyworld.stonemask(late, coarse, times, SAMPLE_RATE)[: len(wave) // HOP].astype(np.float16)


def read_normalised(path: Path) -> NDArray[np.int16]:
    """Read a recording as 16 kHz mono, as `sotto encode` reads it, at the level of the models.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of int16 [shape=(n,)]

    Raises
    ------
    SottoError
        When it is not a recording, is empty, or has samples that are not numbers.
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        mono = np.concatenate(list(AudioReader(file, SAMPLE_RATE)))
    mono = mono * gain_to_target(active_level(mono))
    return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)


def prepare_one(path: Path) -> tuple[NDArray[np.int16], NDArray[np.float16]] | str:
    """Return wave and F0 of a recording, or a line that says why it cannot be used."""
    try:
        wave = read_normalised(path)
    except (SottoError, OSError, ValueError) as error:
        return f"{path}: {error}"
    wave = np.pad(wave, (0, -len(wave) % UNIT))
    return wave, fundamental(wave.astype(np.float64) / 32768)


def is_dev(speaker: str) -> bool:
    """Return whether a speaker is held out of training, which depends on the name alone."""
    return zlib.crc32(speaker.encode()) % 10_000 < DEV_SHARE * 10_000


def held_out(speakers: Iterable[str]) -> set[str]:
    """Return the held-out speakers: those of `is_dev`, or one of several if there are none."""
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
    """Load the utterances of a split ('train', or 'dev' for held-out speakers) from the index, and the tensors `wave`
    and `f0` of all utterances.

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
        raise ValueError(f"{directory}: no recordings found; supported are {', '.join(sorted(AUDIO_SUFFIXES))}")
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
