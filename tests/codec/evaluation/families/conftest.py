"""Recordings, a report of families whose figures are known, and what families draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.stub_families import FILES, SAMPLES, SPEAKERS, found

from sottovoce.codec.evaluation.families.hearing import Clip, clips, originals, prompts
from sottovoce.codec.evaluation.families.rows import assemble
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.models.families.kinds import make_family

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def heard() -> list[tuple[ReferenceRecording, int]]:
    """Five recordings of four speakers."""
    return [
        (ReferenceRecording(str(i), f"{i}.wav", Path(f"{i}.wav"), "corpus", who), count)
        for i, (who, count) in enumerate(zip(SPEAKERS, SAMPLES, strict=True))
    ]


@pytest.fixture(scope="session")
def report(heard: list[tuple[ReferenceRecording, int]]) -> dict[str, Any]:
    """A report in which the window is as good as a GRU."""
    families = [
        found("window", 4.5, "window <64>"),
        found("gru", 4.5, lossless=FILES),
        found("wavenet", 4.25),
        found("ngram", 5.0),
        found("pixelcnn", 0.5, "pixelcnn-a", domain="mel", parameters=300),
        found("pixelcnn", 0.75, "pixelcnn-b", domain="mel"),
        found("waveglow", 4.0, conditional="mel", exact=False, latents=True, control="no"),
        found(
            "vae",
            6.0,
            exact=False,
            latents=True,
            control="no",
            latent_bits=[0.1 * count for count in SAMPLES],
            tighter={"draws": 32, "bits": [5.5 * count for count in SAMPLES], "evaluating": 3.0},
        ),
    ]
    return assemble(families, heard, [0, 3], {"python": "3.11", "torch": "2.4"})


@pytest.fixture(scope="session")
def told() -> torch.Tensor:
    """Two prompts."""
    time = torch.arange(30000)
    return prompts([(128 + 60 * torch.sin(time * pitch)).long() for pitch in (0.05, 0.11)])


@pytest.fixture(scope="session")
def real(told: torch.Tensor) -> list[Clip]:
    """The prompts themselves, to hear."""
    return originals(told)


@pytest.fixture(scope="session")
def drawn(told: torch.Tensor) -> dict[str, list[Clip]]:
    """What two families draw: one of sound, one of pictures."""
    torch.manual_seed(1)
    glow = make_family({"kind": "glow", "steps": 1, "hidden": 2, "layers": 1}).eval()
    sound = clips(glow, told)
    pictures: list[Clip] = [{**one, "sound": ""} for one in sound]
    return {"wavenet": [*sound, *({**one, "what": "completion"} for one in sound)], "pixelcnn-a": pictures}
