"""A model small enough for tests, and sound for it to learn from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from scipy.signal import lfilter
from torch import nn

from sottovoce.models.layers import ResidualBlock
from sottovoce.models.linear_core import LinearCoreEncoder
from sottovoce.models.model import SpeechModel
from sottovoce.models.runtime.layers import BOOK_BITS
from sottovoce.models.training import spectra
from sottovoce.models.training.shards import is_dev, prepare

RATE = 16000


def config(rate: int = 25, **wavenet: Any) -> dict[str, Any]:
    """Tables of a tiny model."""
    return {
        "model": {"inputs": "logmel+pitch", "rate": rate},
        "encoder": {"widths": [16, 16, 16], "blocks": [1, 1, 1]},
        "bottleneck": {"kind": "rvq", "size": 8, "bits": [5, 4, 4]},
        "speaker": {"size": 8, "bits": [4, 4]},
        "conditioner": {"widths": [16, 16, 16], "blocks": [1, 1, 1]},
        "wavenet": {
            "channels": 16, "skip": 16, "cycles": 2, "dilations": 4, "condition": 16, "order": 16, "head": "softmax",
        }
        | wavenet,
        "presets": [{"name": "low", "index": 0, "books": 1}, {"name": "default", "index": 1, "books": 3}],
    }  # fmt: skip


def linear_core(rate: int = 25, **wavenet: Any) -> dict[str, Any]:
    """Tables of a tiny model with a linear core."""
    tables = config(rate, adapter=24, **wavenet)
    tables["model"]["spectrum"] = "linear-core"
    tables["encoder"], tables["conditioner"] = ({"width": 16, "blocks": n, "cycle": 2} for n in (2, 3))
    return tables


def voice(seconds: float, pitch: float = 120.0, seed: int = 0) -> np.ndarray:
    """Vowels and hisses by turns, float32 (n,)."""
    random = np.random.default_rng(seed)
    n = round(seconds * RATE)
    f0 = pitch * 2 ** (0.2 * np.sin(2 * np.pi * 0.7 * np.arange(n) / RATE))
    phase = np.cumsum(f0 / RATE)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    wave = np.zeros(n)
    for first in range(0, n, 3200):  # a sound lasts 0.2 s
        kind = random.random()
        source = pulses if kind < 0.6 else 0.1 * random.standard_normal(n) if kind < 0.85 else np.zeros(n)
        piece = source[first : first + 3200]
        for formant in random.uniform((300, 900, 2200), (800, 2000, 3200)):
            pole = 0.97 * np.exp(2j * np.pi * formant / RATE)
            piece = lfilter([1.0], [1, -2 * pole.real, abs(pole) ** 2], piece)
        wave[first : first + 3200] = piece
    wave += 1e-3 * np.abs(wave).max() * random.standard_normal(n)
    return (0.3 * wave / np.abs(wave).max()).astype(np.float32)


def speakers(train: int = 3, dev: int = 1) -> list[str]:
    """Folder names such that so many speakers are trained on and held out."""
    names = [f"voice{i}" for i in range(1000)]
    held = [name for name in names if is_dev(f"{name}:{name}")]
    return [name for name in names if name not in held][:train] + held[:dev]


def write_shards(folder: Path) -> Path:
    """Prepared shards of four speakers of 6 s."""
    for i, name in enumerate(speakers()):
        (folder / "in" / name).mkdir(parents=True)
        for j in range(2):
            soundfile.write(folder / "in" / name / f"{j}.wav", voice(3.0, 90 + 35 * i, 10 * i + j), RATE)
    prepare(folder / "in", folder / "shards")
    return folder / "shards"


def write_config(folder: Path, shards: Path, task: str, model: dict[str, Any], **settings: Any) -> Path:
    """A TOML config of one stage, quick by default; JSON's numbers, strings and lists are TOML's too."""
    stage = {
        "task": task, "shards": str(shards), "out": str(folder / "run"), "steps": 20, "batch": 4, "context": 2,
        "steps_per_crop": 4, "reference_frames": 60, "unscored_samples": 160, "warmup_steps": 1, "log_every": 1,
        "check_every": 1000, "check_batch": 4, "learning_rate": 3e-3, "preset_chances": [0.3, 0.7],
    } | settings  # fmt: skip
    return write_tables(folder / f"{task}.toml", {**model, f"stage.{task}": stage})


def write_family(folder: Path, shards: Path, family: dict[str, Any], **settings: Any) -> Path:
    """A TOML config that trains a family; its run folder is `run` beside it."""
    stage = {
        "task": "family", "shards": str(shards), "out": str(folder / "run"), "steps": 3, "batch": 4, "warmup_steps": 1,
        "log_every": 1, "check_batch": 4,
    } | settings  # fmt: skip
    return write_tables(folder / "family.toml", {"family": family, "stage.family": stage})


def write_tables(path: Path, tables: dict[str, Any]) -> Path:
    """A TOML file of tables, and lists of tables, of what JSON and TOML write alike."""
    lines = []
    for name, table in tables.items():
        for entry in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def journal(run: Path) -> list[dict[str, float]]:
    """Entries of a run's log but for the time they took."""
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """Residual blocks start as identities: give them something to do."""
    torch.manual_seed(seed)
    for block in module.modules():
        if isinstance(block, ResidualBlock):
            nn.init.normal_(block.mix.weight, std=0.2)
            nn.init.normal_(block.mix.bias, std=0.1)
    return module


def model(tables: dict[str, Any], seed: int = 0) -> SpeechModel:
    """A random model whose code books fit what its encoders say."""
    torch.manual_seed(seed)
    network = SpeechModel(tables)
    shaken(network, seed)
    wave = torch.from_numpy(np.stack([voice(3.2, 90 + 40 * i, i) for i in range(4)]))
    framed = spectra.frames(wave)
    with torch.no_grad():
        linear = isinstance(network.encoder, LinearCoreEncoder)
        if linear:  # what starts at zero has to matter
            nn.init.normal_(network.encoder.layers[-1].weight, std=0.1)
            for embedding in (network.encoder.preset, network.conditioner.preset):
                nn.init.normal_(embedding.weight, std=0.3)
            network.encoder.core.weight *= 10
            network.conditioner.core.weight *= 0.03
        for last in (network.encoder.layers[-1], network.speaker.out):
            last.weight *= 10  # latents of a size at which the rounding of a release is fine
        latents = network.encoder(spectra.encoder_input(network.inputs, framed))
        network.bottleneck.train()(latents)
        speakers = network.speaker(spectra.log_mel(framed).transpose(1, 2))
        around = speakers.mean(0) + speakers.std() * torch.randn(500, speakers.shape[1])
        network.speaker_code.train()(around.T[None])
        for book in (*network.bottleneck.books, *network.speaker_code.books):
            book.entries.copy_(torch.round(book.entries * 2.0**BOOK_BITS) / 2.0**BOOK_BITS)  # as a release holds them
        # heads at rest say next to nothing: let them say something loud, and voiced half of the time
        nn.init.normal_(network.conditioner.heads.weight, std=0.5)
        c = network.conditioner(latents, speakers)
        if linear:
            network.conditioner.heads.weight *= 0.3 / c.std()
            network.conditioner.core.weight *= 0.3 / c.std()
            c = network.conditioner(latents, speakers)
            network.conditioner.heads.bias.sub_(c.mean((0, 2)).repeat(network.conditioner.step))
        else:
            network.conditioner.heads.bias.sub_(network.conditioner.heads(c).mean((0, 2)))
    return network.eval()
