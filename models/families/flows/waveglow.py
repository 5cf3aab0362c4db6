"""WaveGlow (Prenger et al. 2018, arXiv 1811.00002): waveforms in one pass from a log-mel spectrogram."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from sottovoce.models.families import mel
from sottovoce.models.families.flows.base import Chain, EarlyOutput, Invertible
from sottovoce.models.families.flows.dequantise import quantise
from sottovoce.models.families.flows.family import Flow
from sottovoce.models.families.flows.glow import step
from sottovoce.models.features import BANDS, HOP


class WaveGlow(Flow):
    """Glow conditioned on the quantised log-mel spectrogram of the waveform: log p(x | mel.levels(x)).

    Parameters
    ----------
    kind : str
        "waveglow".
    group : int
        Samples per group, the channels of the flow; a divisor of 160.
    steps : int
        Number of flow steps.
    early_interval, early_channels : int
        After every `early_interval` steps, `early_channels` channels are output as latents.
    hidden, layers : int
        Settings of each coupling network.
    condition_channels : int
        Channels of the conditioning, computed from five spectrogram frames.
    """

    conditional: ClassVar[str] = "mel"

    def __init__(
        self,
        kind: str,
        group: int = 8,
        steps: int = 8,
        early_interval: int = 3,
        early_channels: int = 2,
        hidden: int = 32,
        layers: int = 4,
        condition_channels: int = 32,
    ):
        if HOP % group:
            raise ValueError(f"family.group = {group}: must divide {HOP}")
        super().__init__(group)
        self.frames = nn.Conv1d(BANDS, condition_channels, 5, padding=2)
        channels = [group - early_channels * (i // early_interval) for i in range(steps)]
        chain: list[Invertible] = []
        for width in channels:
            made = step(width, hidden, layers, condition_channels)
            chain.append(EarlyOutput(group - width, made) if width < group else made)
        self.flow = Chain(chain)

    def spectrum_condition(self, spectrogram: Tensor) -> Tensor:
        """Conditioning (B, F * 160 / group, condition_channels) from a spectrogram (B, F, 80) of levels."""
        centred = (mel.log_mel_of(spectrogram) + 5) / 4
        return self.frames(centred.mT).mT.repeat_interleave(HOP // self.group, 1)

    def condition(self, x: Tensor) -> Tensor:
        """Conditioning (B, N, condition_channels) from the spectrogram of the sequences (B, T)."""
        return self.spectrum_condition(mel.levels(x))[:, : self.filled(x.shape[1]) // self.group]

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Not available: a spectrogram is required, see `vocode`."""
        raise NotImplementedError("waveglow needs a log-mel spectrogram; use vocode(spectrogram, generator)")

    def decode(self, latents: Tensor, generator: torch.Generator, spectrogram: Tensor | None = None) -> Tensor:
        """Sequences (B, N * group) from latents (B, group, N) and the spectrogram (B, F, 80) of the encoded speech."""
        if spectrogram is None:
            raise NotImplementedError("waveglow needs a spectrogram; use decode(latents, generator, spectrogram)")
        with torch.no_grad():
            condition = self.spectrum_condition(spectrogram)[:, : latents.shape[2]]
            return quantise(self.flow.inverse(latents.mT, condition).flatten(1))

    def vocode(self, spectrogram: Tensor, generator: torch.Generator, deviation: float = 1.0) -> Tensor:
        """Sample sequences (B, F * 160) given a spectrogram (B, F, 80) of levels, all samples in parallel.

        `deviation` is the standard deviation of the latents; values below 1 reduce variety and noise (section 2: 0.6).
        """
        latents = self.sample_latents(len(spectrogram), spectrogram.shape[1] * HOP, generator)
        return self.decode(deviation * latents, generator, spectrogram)
