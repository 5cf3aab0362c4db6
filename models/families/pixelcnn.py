"""Gated PixelCNN over log-mel spectrograms: each pixel is predicted from the pixels above it and to its left.

Rows are frames at 100 Hz, columns are mel bands. The vertical stack covers the rows above; the horizontal stack covers
the current row and receives the vertical stack at every layer, which avoids blind spots (van den Oord et al. 2016,
arXiv 1606.05328, section 2.3). Both stacks are dilated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Batch, Family
from sottovoce.models.families.mel import levels
from sottovoce.models.families.pixels import HALF, make_output
from sottovoce.models.features import BANDS, HOP

BLOCK = 512
"""Number of rows scored at once, which bounds memory."""

VerticalState = list[Tensor]
"""Past rows (B, dilation, 80, C) of the vertical stack that the next row needs, for each layer."""


def gated(x: Tensor) -> Tensor:
    """Gated activation tanh(a) sigmoid(b), (..., 2C) -> (..., C)."""
    filtered, gate = x.chunk(2, -1)
    return torch.tanh(filtered) * torch.sigmoid(gate)


class LevelEmbedding(nn.Module):
    """Embedding of a neighbour's level plus an embedding of the band, because mel bands differ in their statistics."""

    def __init__(self, channels: int):
        super().__init__()
        self.level = nn.Linear(1, channels, bias=False)
        self.band = nn.Embedding(BANDS, channels)
        # the level has the larger initial weight, as speech fills only part of the range [-1, 1]
        nn.init.normal_(self.level.weight, std=3.0)
        nn.init.normal_(self.band.weight, std=0.1)

    def forward(self, level: Tensor, bands: Tensor) -> Tensor:
        """Embeddings (..., C) of levels (...) as neighbours of pixels in bands (...)."""
        return self.level(level[..., None] / HALF - 1) + self.band(bands)


class MaskedLayer(nn.Module):
    """One gated residual layer of the vertical and the horizontal stack."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.vertical = nn.Linear(6 * channels, 2 * channels)
        self.link = nn.Linear(channels, 2 * channels)
        self.horizontal = nn.Linear(2 * channels, 2 * channels, bias=False)
        self.out = nn.Linear(channels, channels)

    def vertical_pass(self, v: Tensor, past: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vertical stack of F rows.

        Parameters
        ----------
        v : Tensor [shape=(B, F, 80, C)]
        past : Tensor [shape=(B, dilation, 80, C)]
            Rows before these.

        Returns
        -------
        Tensor [shape=(B, F, 80, C)]
            Output of the layer.
        Tensor [shape=(B, F, 80, 2C)]
            Input of the horizontal stack.
        Tensor [shape=(B, dilation, 80, C)]
            `past` of the next rows.
        """
        d = self.dilation
        rows = torch.cat((past, v), 1)
        wide = F.pad(rows, (0, 0, d, d))
        taps = [wide[:, r : r + v.shape[1], c : c + BANDS] for r in (0, d) for c in (0, d, 2 * d)]
        z = gated(self.vertical(torch.cat(taps, -1)))
        return v + z, self.link(z), rows[:, -d:]

    def horizontal_pass(self, h: Tensor, past: Tensor, link: Tensor) -> Tensor:
        """Horizontal stack (..., C), from its value `dilation` bands before and the vertical stack's link (..., 2C)."""
        return h + self.out(gated(self.horizontal(torch.cat((past, h), -1)) + link))


class PixelCNN(Family):
    """p(spectrogram) = prod p(pixel | rows above, bands to its left), exact; padding above is silence.

    x is a spectrogram (B, F, 80) of levels 0..255 (mel.levels), and all lengths in `log_prob`, `sample` and `complete`
    are numbers of rows of 10 ms. A prediction depends on R = `receptive_field` rows above, R - 1 bands to either side
    and R bands to the left; with the dilations 1, 2, 4, 8, 1, 2, R is 19.

    Parameters
    ----------
    kind : str
        "pixelcnn".
    output : {'softmax', 'gaussian', 'mixture', 'fixed'}
        Output distribution, see pixels.py.
    deviation : float
        Standard deviation in levels of the output 'fixed'; the default is the RMS error of a trained network.
    channels : int
        Channels of each stack.
    dilations : sequence of int
        Dilation of each layer, both in rows and in bands.
    """

    domain = "mel"

    def __init__(
        self,
        kind: str,
        output: str = "softmax",
        deviation: float = 9.0,
        channels: int = 28,
        dilations: Sequence[int] = (1, 2, 4, 8, 1, 2),
    ):
        super().__init__()
        self.output = make_output(output, deviation)
        self.channels = channels
        self.above, self.left = LevelEmbedding(channels), LevelEmbedding(channels)
        self.layers = cast(
            Sequence[MaskedLayer], nn.ModuleList(MaskedLayer(channels, dilation) for dilation in dilations)
        )
        self.head = nn.Sequential(
            nn.ReLU(), nn.Linear(channels, channels), nn.ReLU(), last := nn.Linear(channels, self.output.outputs)
        )
        self.output.init_bias(last.bias)

    @property
    def receptive_field(self) -> int:
        """Number of rows above a pixel on which its prediction depends."""
        return 1 + sum(layer.dilation for layer in self.layers)

    def _start(self, batch: int) -> VerticalState:
        return [torch.zeros(batch, layer.dilation, BANDS, self.channels, device=self.device) for layer in self.layers]

    def _links(self, above: Tensor, pasts: VerticalState) -> tuple[list[Tensor], VerticalState]:
        """Links from the vertical to the horizontal stack, layer by layer, for the rows below `above` (B, F, 80)."""
        v = self.above(above, torch.arange(BANDS, device=above.device))
        links, nexts = [], []
        for layer, past in zip(self.layers, pasts, strict=True):
            v, link, past = layer.vertical_pass(v, past)
            links.append(link)
            nexts.append(past)
        return links, nexts

    def _rows(self, spectrogram: Tensor, links: list[Tensor]) -> Tensor:
        """Output parameters (B, F, 80, outputs) of rows (B, F, 80), given the links from the rows above."""
        h = self.left(F.pad(spectrogram, (1, 0))[..., :-1], torch.arange(BANDS, device=spectrogram.device))
        for layer, link in zip(self.layers, links, strict=True):
            past = F.pad(h, (0, 0, layer.dilation, 0))[..., :BANDS, :]
            h = layer.horizontal_pass(h, past, link)
        return self.head(h)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Output parameters (B, F, 80, outputs) of spectrograms (B, F, 80)."""
        above = F.pad(spectrogram, (0, 0, 1, 0))[:, :-1]
        return self._rows(spectrogram, self._links(above, self._start(len(spectrogram)))[0])

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each spectrogram in nats, (B, F, 80) -> (B,)."""
        above = F.pad(x, (0, 0, 1, 0))[:, :-1]
        pasts, total = self._start(len(x)), torch.zeros(len(x), device=x.device)
        for rows, over in zip(x.split(BLOCK, 1), above.split(BLOCK, 1), strict=True):
            links, pasts = self._links(over, pasts)
            total = total + self.output.log_prob(self._rows(rows, links), rows).sum((1, 2))
        return total

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Bits per level of the spectrograms of "x" (B, T); also logs the bits per sample of the waveform."""
        spectrogram = levels(batch["x"])
        bits = -self.log_prob(spectrogram).mean() / (spectrogram[0].numel() * math.log(2))
        return bits, {"bits_per_level": bits, "bits_per_sample": bits * BANDS / HOP}

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Sample spectrograms (batch, length, 80)."""
        nothing = torch.empty(batch, 0, BANDS, dtype=torch.long, device=self.device)
        return self.complete(nothing, length, generator)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """Sample a continuation of the spectrograms (B, P, 80), row by row: (B, P + length, 80)."""
        batch, known, _ = prompt.shape
        out = F.pad(prompt, (0, 0, 1, length))
        pasts = self._links(out[:, :known], self._start(batch))[1]
        for row in range(known, known + length):
            links, pasts = self._links(out[:, row : row + 1], pasts)
            out[:, row + 1] = self._sample_row([link[:, 0] for link in links], generator)
        return out[:, 1:]

    def _sample_row(self, links: list[Tensor], generator: torch.Generator) -> Tensor:
        """Sample one row (B, 80), band by band, given the links from the rows above."""
        batch, device = len(links[0]), links[0].device
        row = torch.zeros(batch, 1 + BANDS, dtype=torch.long, device=device)
        bands = torch.arange(BANDS, device=device)
        pasts = [torch.zeros(batch, layer.dilation + BANDS, self.channels, device=device) for layer in self.layers]
        for band in range(BANDS):
            h = self.left(row[:, band], bands[band])
            for layer, past, link in zip(self.layers, pasts, links, strict=True):
                past[:, band + layer.dilation] = h
                h = layer.horizontal_pass(h, past[:, band], link[:, band])
            chances = self.output.log_probs(self.head(h)).exp()
            row[:, band + 1] = torch.multinomial(chances, 1, generator=generator)[:, 0]
        return row[:, 1:]
