"""What a family draws, to be heard and seen: speech out of nothing, and how it goes on after real speech."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from typing import TypedDict

import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.codec.evaluation.families.picture import png
from sottovoce.models.families.base import Family
from sottovoce.models.families.classes import SILENCE, to_amplitudes
from sottovoce.models.families.mel import levels
from sottovoce.models.features import HOP, SAMPLE_RATE

PROMPT, LENGTH = SAMPLE_RATE // 2, SAMPLE_RATE
"""Samples of real speech, and of what is drawn."""

SEED = 20


class Clip(TypedDict):
    """Something to hear (FLAC, base64; empty where there is only a picture) and to see (PNG, base64).

    `what` is "sample", "completion", "reconstruction" (of its latents), "vocoded" (from its picture) or "original"; of
    what goes back to a recording, `of` says to which.
    """

    what: str
    of: int
    sound: str
    picture: str


def prompts(waves: Sequence[Tensor]) -> Tensor:
    """The middles of some recordings of mu-law classes, (B, PROMPT + LENGTH), with silence after short ones."""
    length = PROMPT + LENGTH
    cut = [wave[max(0, (len(wave) - length) // 2) :][:length] for wave in waves]
    return torch.stack([F.pad(one, (0, length - len(one)), value=SILENCE) for one in cut])


def originals(told: Tensor) -> list[Clip]:
    """The real speech (B, PROMPT + LENGTH) itself."""
    return _clips("original", told, levels(told))


def sampler(family: Family, told: Tensor) -> Callable[[float], Tensor] | None:
    """Function that samples a sequence of a given number of seconds; None for a family that cannot sample."""
    generator = torch.Generator().manual_seed(SEED)
    rate = SAMPLE_RATE // _unit(family)

    def draw(seconds: float) -> Tensor:
        if family.conditional:
            return family.vocode(levels(told[:1, : round(seconds * SAMPLE_RATE)]), generator)  # type: ignore[operator]
        return family.sample(1, round(seconds * rate), generator)

    try:
        draw(0.01)
    except NotImplementedError:
        return None
    return draw


def clips(family: Family, told: Tensor) -> list[Clip]:
    """As many samples as there are prompts (B, PROMPT + LENGTH), and what the family makes of each of these."""
    generator = torch.Generator().manual_seed(SEED)
    unit, batch = _unit(family), len(told)
    x = levels(told) if family.domain == "mel" else told
    known, length = x[:, : PROMPT // unit], LENGTH // unit
    drawn: dict[str, Callable[[], Tensor]] = {
        "sample": lambda: family.sample(batch, length, generator),
        "completion": lambda: family.complete(known, length, generator),
    }
    if family.conditional:
        drawn = {"vocoded": lambda: family.vocode(levels(told), generator)}  # type: ignore[operator, dict-item]
    elif family.latent_bits(x[:1]) is not None:
        drawn["reconstruction"] = lambda: family.decode(family.encode(x), generator)
    found: list[Clip] = []
    for what, draw in drawn.items():
        try:
            made = draw()
        except NotImplementedError:
            continue
        sound, picture = (None, made) if family.domain == "mel" else (made, levels(made))
        found += _clips(what, sound, picture)
    return found


def _unit(family: Family) -> int:
    """Samples that a step of the family's sequences stands for."""
    return HOP if family.domain == "mel" else 1


def _clips(what: str, sound: Tensor | None, pictures: Tensor) -> list[Clip]:
    return [
        {"what": what, "of": i, "sound": "" if sound is None else _flac(sound[i]), "picture": _base64(png(picture))}
        for i, picture in enumerate(pictures)
    ]


def _flac(x: Tensor) -> str:
    data = io.BytesIO()
    soundfile.write(data, to_amplitudes(x).numpy(), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return _base64(data.getvalue())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
