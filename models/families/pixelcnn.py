"""Gated PixelCNN over log-mel pictures: each pixel after those above it and those on its left.

Rows are time downwards at 100 Hz, columns are mel bands. A vertical stack sees the rows above, a horizontal one the
row itself and, layer by layer, the vertical one, so that nothing above is hidden (van den Oord et al. 2016, arXiv
1606.05328, section 2.3). Both dilate: a layer's taps are 1, 2, 4 ... pixels apart.
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
"""Rows that are scored at once, for bounded memory."""

Pasts = list[Tensor]
"""Of each layer, the rows (B, dilation, 80, C) of the vertical stack that the next row needs."""


def gated(x: Tensor) -> Tensor:
    """(..., 2C) -> (..., C)."""
    filtered, gate = x.chunk(2, -1)
    return torch.tanh(filtered) * torch.sigmoid(gate)


class Entry(nn.Module):
    """A neighbour's level as a vector, and which band sees it: bands are not alike as places in a picture are."""

    def __init__(self, channels: int):
        super().__init__()
        self.level = nn.Linear(1, channels, bias=False)
        self.band = nn.Embedding(BANDS, channels)
        # at first the neighbour is to count for more than the place: speech fills but a part of [-1, 1]
        nn.init.normal_(self.level.weight, std=3.0)
        nn.init.normal_(self.band.weight, std=0.1)

    def forward(self, level: Tensor, bands: Tensor) -> Tensor:
        """Levels (...) seen from bands (...) -> (..., C)."""
        return self.level(level[..., None] / HALF - 1) + self.band(bands)


class MaskedLayer(nn.Module):
    """One gated layer of both stacks, residual both."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.vertical = nn.Linear(6 * channels, 2 * channels)
        self.link = nn.Linear(channels, 2 * channels)
        self.horizontal = nn.Linear(2 * channels, 2 * channels, bias=False)
        self.out = nn.Linear(channels, channels)

    def down(self, v: Tensor, past: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vertical stack (B, F, 80, C) and rows before -> itself, its link (B, F, 80, 2C), rows for the next."""
        d = self.dilation
        rows = torch.cat((past, v), 1)
        wide = F.pad(rows, (0, 0, d, d))
        taps = [wide[:, r : r + v.shape[1], c : c + BANDS] for r in (0, d) for c in (0, d, 2 * d)]
        z = gated(self.vertical(torch.cat(taps, -1)))
        return v + z, self.link(z), rows[:, -d:]

    def across(self, h: Tensor, past: Tensor, link: Tensor) -> Tensor:
        """Horizontal stack (..., C), itself `dilation` bands before, and the vertical one's link (..., 2C)."""
        return h + self.out(gated(self.horizontal(torch.cat((past, h), -1)) + link))


class PixelCNN(Family):
    """p(picture) = prod p(pixel | rows above, bands on its left), exactly; before it there was silence.

    x is not a waveform here but its picture (B, F, 80) of levels 0..255 (mel.levels), and all lengths count rows of
    10 ms: so in `log_prob`, `sample` and `complete`. What decides a pixel's prediction are the R = `receptive_field`
    rows above it, R - 1 bands to either side, and R bands on its left; with the dilations 1, 2, 4, 8, 1, 2, R is 19.

    Parameters
    ----------
    output : 'fixed', 'gaussian', 'softmax' or 'mixture' (pixels.py)
    deviation : of the output 'fixed', in levels; by default what a trained network's means are off by
    channels : of either stack
    dilations : of the layers, each in rows and in bands
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
        self.above, self.left = Entry(channels), Entry(channels)
        self.layers = cast(
            Sequence[MaskedLayer], nn.ModuleList(MaskedLayer(channels, dilation) for dilation in dilations)
        )
        self.head = nn.Sequential(
            nn.ReLU(), nn.Linear(channels, channels), nn.ReLU(), last := nn.Linear(channels, self.output.outputs)
        )
        self.output.begin(last.bias)

    @property
    def receptive_field(self) -> int:
        """Rows above a pixel that decide its prediction."""
        return 1 + sum(layer.dilation for layer in self.layers)

    def _start(self, batch: int) -> Pasts:
        return [torch.zeros(batch, layer.dilation, BANDS, self.channels, device=self.device) for layer in self.layers]

    def _links(self, above: Tensor, pasts: Pasts) -> tuple[list[Tensor], Pasts]:
        """What the vertical stack tells the horizontal one of the rows under `above` (B, F, 80), layer by layer."""
        v = self.above(above, torch.arange(BANDS, device=above.device))
        links, nexts = [], []
        for layer, past in zip(self.layers, pasts, strict=True):
            v, link, past = layer.down(v, past)
            links.append(link)
            nexts.append(past)
        return links, nexts

    def _rows(self, picture: Tensor, links: list[Tensor]) -> Tensor:
        """Numbers for the output model (B, F, 80, outputs), of rows (B, F, 80) and what is above them."""
        h = self.left(F.pad(picture, (1, 0))[..., :-1], torch.arange(BANDS, device=picture.device))
        for layer, link in zip(self.layers, links, strict=True):
            past = F.pad(h, (0, 0, layer.dilation, 0))[..., :BANDS, :]
            h = layer.across(h, past, link)
        return self.head(h)

    def forward(self, picture: Tensor) -> Tensor:
        """Numbers for the output model (B, F, 80, outputs) of pictures (B, F, 80)."""
        above = F.pad(picture, (0, 0, 1, 0))[:, :-1]
        return self._rows(picture, self._links(above, self._start(len(picture)))[0])

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole picture, (B, F, 80) -> (B,)."""
        above = F.pad(x, (0, 0, 1, 0))[:, :-1]
        pasts, total = self._start(len(x)), torch.zeros(len(x), device=x.device)
        for rows, over in zip(x.split(BLOCK, 1), above.split(BLOCK, 1), strict=True):
            links, pasts = self._links(over, pasts)
            total = total + self.output.log_prob(self._rows(rows, links), rows).sum((1, 2))
        return total

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Bits per level of the pictures of "x" (B, T); also logs what a picture costs for each sample it shows."""
        picture = levels(batch["x"])
        bits = -self.log_prob(picture).mean() / (picture[0].numel() * math.log(2))
        return bits, {"bits_per_level": bits, "bits_per_sample": bits * BANDS / HOP}

    def sample(self, batch: int, length: int, generator: torch.Generator) -> Tensor:
        """Pictures (batch, length, 80) drawn from the model."""
        nothing = torch.empty(batch, 0, BANDS, dtype=torch.long, device=self.device)
        return self.complete(nothing, length, generator)

    @torch.no_grad()
    def complete(self, prompt: Tensor, length: int, generator: torch.Generator) -> Tensor:
        """How the model goes on from the rows of a real picture (B, P, 80): (B, P + length, 80), the prompt above."""
        batch, known, _ = prompt.shape
        out = F.pad(prompt, (0, 0, 1, length))
        pasts = self._links(out[:, :known], self._start(batch))[1]
        for row in range(known, known + length):
            links, pasts = self._links(out[:, row : row + 1], pasts)
            out[:, row + 1] = self._draw([link[:, 0] for link in links], generator)
        return out[:, 1:]

    def _draw(self, links: list[Tensor], generator: torch.Generator) -> Tensor:
        """One row (B, 80), band by band, of what is above it."""
        batch, device = len(links[0]), links[0].device
        row = torch.zeros(batch, 1 + BANDS, dtype=torch.long, device=device)
        bands = torch.arange(BANDS, device=device)
        pasts = [torch.zeros(batch, layer.dilation + BANDS, self.channels, device=device) for layer in self.layers]
        for band in range(BANDS):
            h = self.left(row[:, band], bands[band])
            for layer, past, link in zip(self.layers, pasts, links, strict=True):
                past[:, band + layer.dilation] = h
                h = layer.across(h, past[:, band], link[:, band])
            chances = self.output.log_probs(self.head(h)).exp()
            row[:, band + 1] = torch.multinomial(chances, 1, generator=generator)[:, 0]
        return row[:, 1:]
