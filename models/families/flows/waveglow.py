"""WaveGlow (Prenger et al. 2018, arXiv 1811.00002): waveforms in one pass from a log-mel picture."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from sottovoce.models.families import mel
from sottovoce.models.families.flows.base import Chain, Invertible, Rest
from sottovoce.models.families.flows.dequantise import quantise
from sottovoce.models.families.flows.family import Flow
from sottovoce.models.families.flows.glow import step
from sottovoce.models.features import BANDS, HOP


class WaveGlow(Flow):
    """Glow's steps told the log-mel picture of what is to come: log p(x | mel.levels(x)).

    Parameters
    ----------
    group : int
        Samples that are one position's channels; a divisor of 160.
    steps : int
    early_every, early : int
        After every `early_every` steps so many channels are latents already.
    hidden, layers : int
        Of each coupling's network.
    told : int
        Numbers that it is told of a frame's surroundings.
    """

    conditional: ClassVar[str] = "mel"

    def __init__(
        self,
        kind: str,
        group: int = 8,
        steps: int = 8,
        early_every: int = 3,
        early: int = 2,
        hidden: int = 32,
        layers: int = 4,
        told: int = 32,
    ):
        if HOP % group:
            raise ValueError(f"family.group = {group}: must divide {HOP}")
        super().__init__(group)
        self.frames = nn.Conv1d(BANDS, told, 5, padding=2)
        channels = [group - early * (i // early_every) for i in range(steps)]
        chain: list[Invertible] = []
        for width in channels:
            made = step(width, hidden, layers, told)
            chain.append(Rest(group - width, made) if width < group else made)
        self.flow = Chain(chain)

    def surroundings(self, picture: Tensor) -> Tensor:
        """What each group of the frames (B, F, 80) is told, (B, F * 160 / group, told)."""
        centred = (mel.log_mel_of(picture) + 5) / 4
        return self.frames(centred.mT).mT.repeat_interleave(HOP // self.group, 1)

    def condition(self, x: Tensor) -> Tensor:
        """What the picture of the sequences (B, T) tells each group, (B, N, told)."""
        return self.surroundings(mel.levels(x))[:, : self.filled(x.shape[1]) // self.group]

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Not without a picture: see `vocode`."""
        raise NotImplementedError("waveglow draws speech from a log-mel picture only: vocode(picture, generator)")

    def decode(self, latents: Tensor, generator: torch.Generator, picture: Tensor | None = None) -> Tensor:
        """Sequences (B, N * group) from latents (B, group, N) and the picture (B, F, 80) that `encode` saw."""
        if picture is None:
            raise NotImplementedError(
                "waveglow decodes with a log-mel picture only: decode(latents, generator, picture)"
            )
        with torch.no_grad():
            told = self.surroundings(picture)[:, : latents.shape[2]]
            return quantise(self.flow.inverse(latents.mT, told).flatten(1))

    def vocode(self, picture: Tensor, generator: torch.Generator, deviation: float = 1.0) -> Tensor:
        """Sequences (B, F * 160) that sound as a picture (B, F, 80) of levels shows, all samples at once.

        `deviation` is that of the latents; less than 1 trades variety for clearness (section 2 has 0.6).
        """
        latents = self.draw_latents(len(picture), picture.shape[1] * HOP, generator)
        return self.decode(deviation * latents, generator, picture)
