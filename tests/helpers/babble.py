"""A language of a few phones that anyone can tell apart: each is a tone, or a hiss."""

from pathlib import Path

import numpy as np
import soundfile
from helpers import tiny

from sottovoce.models.training.shards import prepare

TONES = {"AA": 500.0, "IY": 1100.0, "UW": 2300.0, "S": 0.0}


def say(phones: list[str], seed: int = 0) -> tuple[np.ndarray, str]:
    """A wave, float32 (n,) at 16 kHz, and its alignment."""
    random = np.random.default_rng(seed)
    pieces, alignment, frame = [], [], 0
    for name in ["SIL", *phones, "SIL"]:
        frames = int(random.integers(6, 11))
        time = np.arange(160 * frames)
        loud = 0.0 if name == "SIL" else 0.2 * np.sin(np.pi * time / len(time))
        hertz = TONES.get(name, 0.0) * random.uniform(0.95, 1.05)
        sound = np.sin(2 * np.pi * hertz * time / 16000) if hertz else random.standard_normal(len(time))
        pieces.append(loud * sound + 1e-3 * random.standard_normal(len(time)))
        alignment.append(f"{name}:{frame}:{frame + frames}")
        frame += frames
    return np.concatenate(pieces).astype(np.float32), " ".join(alignment)


def sentence(random: np.random.Generator) -> list[str]:
    """Some phones of the language, none twice on end."""
    said: list[str] = []
    while len(said) < 8:
        said += [name for name in random.permutation(list(TONES)).tolist() if [name] != said[-1:]]
    return said[: random.integers(4, 8)]


def write_shards(folder: Path, honest: bool = True) -> Path:
    """Shards of three speakers to train on and one held out; with phones that are not those said, if not `honest`."""
    random = np.random.default_rng(0)
    rows = ["path,phones"]
    for i, name in enumerate(tiny.speakers()):
        (folder / "in" / name).mkdir(parents=True)
        for j in range(12):
            wave, alignment = say(sentence(random), 100 * i + j)
            soundfile.write(folder / "in" / name / f"{j}.wav", wave, 16000)
            if not honest:
                lies = sentence(random)
                alignment = " ".join(f"{lie}:{10 * n}:{10 * n + 10}" for n, lie in enumerate(lies))
            if j:  # of one nothing is known
                rows.append(f"in/{name}/{j}.wav,{alignment}")
    (folder / "alignments.csv").write_text("\n".join(rows) + "\n")
    prepare(folder / "in", folder / "shards")
    return folder / "shards"
