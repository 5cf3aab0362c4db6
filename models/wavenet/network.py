"""Gated WaveNet over embedded indices, conditioned on every layer (arXiv 1609.03499, eq. 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.wavenet.units import CLASSES, INPUTS, ROWS


class GridLinear(nn.Linear):
    """Linear layer whose weights are used on the int8 grid of the sampler: one scale per output row.

    The rounding is part of training (straight-through gradient, Bengio et al. 2013, arXiv 1308.3432), so what is
    exported is exactly what was trained.
    """

    def grid_weight(self) -> Tensor:
        """Weights rounded to 255 levels a row, shape (out, in)."""
        scale = self.weight.detach().abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        rounded = torch.round(self.weight.detach() / scale) * scale
        return self.weight + (rounded - self.weight.detach())

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer with rounded weights."""
        return F.linear(input, self.grid_weight(), self.bias)


def gated(
    x: Tensor, past: Tensor, skips: Tensor, condition: Tensor, dilated: Tensor, out: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """A layer's arithmetic as a function of its weights, so that all layers share one compiled version."""
    batch, time, channels = x.shape
    h = F.linear(torch.cat((past, x), -1), dilated)
    h = h.view(batch, condition.shape[1], -1, 2 * channels) + condition[:, :, None]
    h = h.view(batch, time, 2 * channels)
    z = torch.tanh(h[..., :channels]) * torch.sigmoid(h[..., channels:])
    o = F.linear(z, out, bias)
    return x + o[..., :channels], skips + o[..., channels:]


_gated = gated


def compile_layers() -> None:
    """Let torch.compile fuse the layers from now on: pays off where training is long."""
    global _gated
    _gated = torch.compile(gated)


class WaveNetLayer(nn.Module):
    """One dilated gated convolution of width two with its residual and skip outputs."""

    def __init__(self, channels: int, skip: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.channels = channels
        # (past, now) -> (filter, gate); one row scale covers both taps, as one accumulator in the sampler does
        self.dilated = GridLinear(2 * channels, 2 * channels, bias=False)
        self.out = GridLinear(channels, channels + skip)

    def forward(self, x: Tensor, past: Tensor, skips: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """x, past (B, T, C): input now and `dilation` samples ago; skips (B, T, S); condition (B, N, 2C)."""
        return _gated(x, past, skips, condition, self.dilated.grid_weight(), self.out.grid_weight(), self.out.bias)


class WaveNet(nn.Module):
    """Distribution of the next sample's index given past indices and the conditioning of its frame.

    Parameters
    ----------
    inputs : int
        How many indices describe each step; each has its own embedding table and the embeddings are added.
    rows : int
        Rows of an embedding table: 256 classes, and one more that says "no such input" (unvoiced pitch taps).
    channels, skip : int
        Residual and skip channels.
    cycles, dilations : int
        The dilations 1, 2, 4 ... 2**(dilations-1) are repeated `cycles` times.
    condition : int
        Size of the conditioning vectors, one every 160 samples.
    outputs : int
        Numbers that the head's distribution needs for a sample (heads.py): 256 for the softmax.
    """

    def __init__(
        self,
        inputs: int = INPUTS,
        channels: int = 64,
        skip: int = 64,
        cycles: int = 2,
        dilations: int = 10,
        condition: int = 128,
        outputs: int = CLASSES,
        rows: int = ROWS,
    ):
        super().__init__()
        self.inputs, self.channels, self.skip, self.rows = inputs, channels, skip, rows
        self.embed = nn.Embedding(inputs * rows, channels)
        nn.init.normal_(self.embed.weight, std=0.3)
        self.dilations = [2**i for i in range(dilations)] * cycles
        self.layers = nn.ModuleList(WaveNetLayer(channels, skip, dilation) for dilation in self.dilations)
        # all layers' conditioning in one product a frame; its bias is the bias of the dilated convolutions
        self.condition = nn.Linear(condition, len(self.layers) * 2 * channels)
        self.head1 = GridLinear(skip, skip)
        self.head2 = GridLinear(skip, outputs)
        self.offsets: Tensor
        self.register_buffer("offsets", torch.arange(inputs) * rows, persistent=False)

    @property
    def receptive_field(self) -> int:
        """Samples that decide a prediction."""
        return 1 + sum(self.dilations)

    def forward(self, indices: Tensor, condition: Tensor) -> Tensor:
        """Parameters of p(sample t | inputs up to t).

        Parameters
        ----------
        indices : int tensor (B, T, inputs)
            What is known when sample t is drawn.
        condition : float tensor (B, N, condition)
            Each for T / N samples, which is whole: 160, or all of them where N is 1.

        Returns
        -------
        float tensor (B, T, outputs)
        """
        x = self.embed(indices + self.offsets).sum(2)
        biases = self.condition(condition).chunk(len(self.layers), -1)
        skips = x.new_zeros(*x.shape[:2], self.skip)
        for layer, bias, dilation in zip(self.layers, biases, self.dilations, strict=True):
            past = F.pad(x, (0, 0, dilation, 0))[:, : x.shape[1]]
            x, skips = layer(x, past, skips, bias)
        return self.head2(F.relu(self.head1(F.relu(skips))))
