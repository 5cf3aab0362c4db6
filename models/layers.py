"""Causal building blocks of encoder, speaker encoder and conditioner (torch; runtime/layers.py is their numpy twin)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class CausalConv(nn.Conv1d):
    """Convolution over (B, C, T) that sees the present and the past.

    A stride s ends on every s-th frame; a dilation d takes every d-th frame of the past.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__(inputs, outputs, kernel, stride, dilation=dilation)
        self.past = (kernel - 1) * dilation + 1 - stride

    def forward(self, x: Tensor) -> Tensor:
        """Map x (B, C, T) to (B, D, T / stride)."""
        return super().forward(F.pad(x, (self.past, 0)))


class ResidualBlock(nn.Module):
    """Residual block: x + W2 relu(conv3(relu(x)))."""

    def __init__(self, channels: int, dilation: int = 1):
        super().__init__()
        self.conv = CausalConv(channels, channels, 3, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map x (B, C, T) to (B, C, T)."""
        return x + self.mix(F.relu(self.conv(F.relu(x))))


class Upsample(nn.Module):
    """Each frame becomes two: (B, C, T) -> (B, D, 2T)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.mix = nn.Conv1d(inputs, 2 * outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (B, C, T) to (B, D, 2 T)."""
        batch, _, time = x.shape
        pairs = self.mix(x).view(batch, 2, -1, time)
        return pairs.permute(0, 2, 3, 1).reshape(batch, -1, 2 * time)


def cycled(block: type[nn.Module], channels: int, count: int, cycle: int) -> list[nn.Module]:
    """`count` blocks of one width; block i has dilation ``2 ** (i % cycle)``."""
    return [block(channels, 2 ** (i % cycle)) for i in range(count)]


def stack(block: type[nn.Module], channels: int, count: int, dilation: int = 1) -> list[nn.Module]:
    """`count` blocks of one width, each reaching `dilation` times as far back as the one before."""
    return [block(channels, dilation**i) for i in range(count)]
