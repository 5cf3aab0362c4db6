"""Speakers of the language of babble.py, of whom tables know gender and age: women hum low, men lower."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from helpers import babble

from sottovoce.models.families import store
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.latent import LatentWaveNet

HUMS = {"f": 260.0, "m": 130.0}
COLUMNS = ("corpus", "speaker", "gender", "age", "path")


def write_speech(folder: Path, train: int = 4, valid: int = 2, recordings: int = 4) -> Path:
    """A folder with train.csv, valid.csv and alignments.csv of so many speakers; of one recording each no phones."""
    random = np.random.default_rng(0)
    aligned = [("path", "phones")]
    for split, speakers in {"train": train, "valid": valid}.items():
        rows: list[tuple[Any, ...]] = [COLUMNS]
        for i in range(speakers):
            gender, age = "fm"[i % 2], ("", "9")[i // 2 % 2]
            for j in range(recordings):
                wave, phones = babble.say(babble.sentence(random), 100 * i + j)
                hum = 0.05 * np.sin(2 * np.pi * (HUMS[gender] + 8 * i) * np.arange(len(wave)) / 16000)
                path = f"{split}/{i}/{j}.wav"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(folder / path, wave + hum, 16000)
                rows.append(("here", f"{split}{i}", gender, age, path))
                if j:
                    aligned.append((path, phones))
        write_table(folder / f"{split}.csv", rows)
    write_table(folder / "alignments.csv", aligned)
    return folder


def write_table(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """A CSV of rows."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def table(**bottleneck: Any) -> dict[str, Any]:
    """The table `family` of a tiny WaveNet that is told latents."""
    return {
        "kind": "latent-wavenet", "bottleneck": bottleneck, "inputs": "logmel", "widths": [24, 24, 24],
        "speaker": 4, "speaker_bits": [3, 2], "speaker_channels": 4, "channels": 8, "cycles": 1, "dilations": 4,
        "condition": 8,
    }  # fmt: skip


def model(**bottleneck: Any) -> LatentWaveNet:
    """A tiny model that has learned nothing."""
    torch.manual_seed(0)
    family = make_family(table(**bottleneck))
    assert isinstance(family, LatentWaveNet)
    return family.eval()


def write_model(run: Path, **bottleneck: Any) -> Path:
    """A tiny model in a run folder."""
    run.mkdir(parents=True)
    store.save(model(**bottleneck), table(**bottleneck), {}, run / "family.safetensors")
    return run
