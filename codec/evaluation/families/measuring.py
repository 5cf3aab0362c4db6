"""One family measured on all recordings: what they cost, how long it takes, what it says, and its lossless files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.families import lossless
from sottovoce.codec.evaluation.families.hearing import Clip, clips, prompts, sampler
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.store import StoredPart
from sottovoce.models.families import store
from sottovoce.models.families.base import Autoregressive, Family
from sottovoce.models.families.classes import read_classes
from sottovoce.models.families.mel import levels
from sottovoce.models.features import SAMPLE_RATE

FORMAT = 1
"""To be raised when something here comes out otherwise than before."""

DRAWS = 32
"""Of latents, for the importance bound of a family that has one."""

STRETCHES, STRETCH = 4, SAMPLE_RATE // 2
"""Recordings of which some is compressed, and samples of each."""

BRIEF = 0.5  # seconds that a second takes to draw; where it is less, a whole one is timed


class Lossless(TypedDict):
    """Files of the middles of some recordings, beside what `log_prob` says of them."""

    samples: int
    bytes: int
    bits: float
    same: bool


class Tighter(TypedDict):
    """An importance bound (Burda et al. 2015, arXiv 1509.00519) from some draws of latents."""

    draws: int
    bits: list[float]
    evaluating: float


class Measured(TypedDict):
    """What was found of a family; `bits` and `latent_bits` have a number for each recording, of all its samples.

    `evaluating` and `sampling` are seconds of processor time, in one thread, for one second of speech.
    """

    exact: bool
    control: str
    domain: str
    conditional: str
    parameters: int
    latents: bool
    bits: list[float]
    tighter: Tighter | None
    latent_bits: list[float] | None
    evaluating: float
    sampling: float | None
    lossless: Lossless | None
    clips: list[Clip]


@dataclass(frozen=True)
class FamilyMeasurement:
    """A family to be measured.

    Parameters
    ----------
    folder : Path
        Of the report.
    name : str
        The family's, as the report calls it.
    file : Path
        Its weights.
    sha256 : str
        Of that file.
    recordings : tuple of ReferenceRecording
        What it is measured on.
    heard : tuple of int
        Which of them are prompts.
    crc32 : int
        Of the classes of all recordings.
    """

    folder: Path
    name: str
    file: Path
    sha256: str
    recordings: tuple[ReferenceRecording, ...]
    heard: tuple[int, ...]
    crc32: int

    @property
    def part(self) -> StoredPart:
        """Where the result is kept."""
        key = {"format": FORMAT, "torch": torch.__version__, "weights": self.sha256, "recordings": self.crc32}
        return StoredPart(self.folder / "parts" / f"{self.name}.json", {**key, "heard": list(self.heard)})

    def known(self) -> Measured | None:
        """Return the result, if it is kept."""
        found: Measured | None = self.part.load()
        return found


def measure(task: FamilyMeasurement) -> Measured:
    """Measure a family in one thread, and keep the result.

    Raises
    ------
    SottoError
        When it gives a recording no chance at all.
    """
    torch.set_num_threads(1)
    family, _ = store.load(task.file)
    waves = [torch.from_numpy(read_classes(one.file)).long() for one in task.recordings]
    with torch.no_grad():
        result = _measured(family, waves, [waves[i] for i in task.heard])
    for recording, cost in zip(task.recordings, result["bits"], strict=True):
        if not math.isfinite(cost):
            raise SottoError(f"{recording.path} costs {cost} bits with it", "train it again", task.name)
    task.part.save(result)
    return result


def _measured(family: Family, waves: Sequence[Tensor], heard: Sequence[Tensor]) -> Measured:
    xs = [levels(wave[None]) if family.domain == "mel" else wave[None] for wave in waves]
    seconds = sum(map(len, waves)) / SAMPLE_RATE
    bits, evaluating = _bits(family.log_prob, xs, seconds)
    latent = [family.latent_bits(x) for x in xs]
    told = prompts(heard)
    return {
        "exact": family.exact,
        "control": family.control,
        "domain": family.domain,
        "conditional": family.conditional,
        "parameters": store.parameters(family),
        "latents": type(family).encode is not Family.encode,
        "bits": bits,
        "tighter": _tighter(family, xs, seconds),
        "latent_bits": [float(one) for one in latent if one is not None] or None,
        "evaluating": evaluating,
        "sampling": _seconds(sampler(family, told)),
        "lossless": _compressed(family, waves) if isinstance(family, Autoregressive) else None,
        "clips": clips(family, told),
    }


def _tighter(family: Family, xs: Sequence[Tensor], seconds: float) -> Tighter | None:
    bound = getattr(family, "importance_bound", None)
    if bound is None:
        return None
    bits, evaluating = _bits(partial(bound, draws=DRAWS), xs, seconds)
    return {"draws": DRAWS, "bits": bits, "evaluating": evaluating}


def _bits(
    log_prob: Callable[[Tensor, torch.Generator], Tensor], xs: Sequence[Tensor], seconds: float
) -> tuple[list[float], float]:
    """What each of some sequences costs, and how long a second of all their seconds takes."""
    generator = torch.Generator()
    began = time.process_time()
    bits = [-float(log_prob(x, generator.manual_seed(i))) / math.log(2) for i, x in enumerate(xs)]
    return bits, round((time.process_time() - began) / seconds, 5)


def _seconds(draw: Callable[[float], object] | None) -> float | None:
    """How long it takes to draw one second of speech; where that is long, less is drawn."""
    if draw is None:
        return None

    def timed(seconds: float) -> float:
        began = time.process_time()
        draw(seconds)
        return round((time.process_time() - began) / seconds, 5)

    timed(0.02)  # the first time takes longer
    some = timed(0.2)
    return timed(1.0) if some < BRIEF else some


def _compressed(family: Autoregressive, waves: Sequence[Tensor]) -> Lossless:
    """Compress the middles of some recordings, decompress them, and ask what they should have cost."""
    chosen = [waves[i * len(waves) // STRETCHES] for i in range(min(STRETCHES, len(waves)))]
    length = min(STRETCH, *map(len, chosen))
    x = torch.stack([one[(len(one) - length) // 2 :][:length] for one in chosen])
    files = lossless.compress(family, x)
    return {
        "samples": x.numel(),
        "bytes": sum(map(len, files)),
        "bits": -float(family.log_prob(x).sum()) / math.log(2),
        "same": torch.equal(lossless.decompress(family, files), x),
    }
