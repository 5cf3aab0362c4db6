"""Families whose figures are known, for tests of how families are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sottovoce.codec.evaluation.families.measuring import Measured
from sottovoce.codec.evaluation.families.rows import FamilyResult
from sottovoce.models.families.base import Family
from sottovoce.models.families.kinds import make_family

SPEAKERS = ("anna", "bert", "anna", "carl", "dora")
"""Of five recordings."""
SAMPLES = (32000, 16000, 24000, 40000, 20000)


def uniform() -> Family:
    """A network that says nothing: each sample costs 8 bits."""
    family = make_family({"kind": "window", "window": 2, "embedding": 2, "hidden": 2})
    torch.nn.init.zeros_(family.out.weight)
    torch.nn.init.zeros_(family.out.bias)
    return family.eval()


def measured(bits: float, **more: Any) -> Measured:
    """Figures of a family that needs so many bits for each sample, and a little more or less by recording."""
    small = np.linspace(-0.05, 0.05, len(SAMPLES))
    figures: dict[str, Any] = {
        "exact": True,
        "control": "–",
        "domain": "samples",
        "conditional": "",
        "parameters": 1000,
        "latents": False,
        "bits": [(bits + off) * count for off, count in zip(small, SAMPLES, strict=True)],
        "tighter": None,
        "latent_bits": None,
        "evaluating": 0.25,
        "sampling": 8.0,
        "lossless": None,
        "clips": [],
    }
    return {**figures, **more}  # type: ignore[typeddict-item, return-value]


def found(kind: str, bits: float, name: str = "", **more: Any) -> FamilyResult:
    """A measured family."""
    about = {"family": {"kind": kind}, "device": "CPU, 1 threads", "seconds": 90.0, "steps": 10}
    return FamilyResult(name or kind, about, 2500, "0" * 64, measured(bits, **more))


FILES = {"samples": 32000, "bytes": 16080, "bits": 128000.0, "same": True}
"""Lossless ones."""
