"""The interface of every bottleneck."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn


@dataclass
class BottleneckOutput:
    """What came through a bottleneck.

    Attributes
    ----------
    latents : (B, D, N), what the decoder gets
    bits : scalar tensor, mean cost of a step in bits (VAE: its KL; AE: that of its floats)
    loss : scalar tensor to add to the training loss
    codes : (B, N, books) integers, or None where nothing is discrete
    log : figures worth logging
    """

    latents: Tensor
    bits: Tensor
    loss: Tensor
    codes: Tensor | None = None
    log: dict[str, Tensor] = field(default_factory=dict)


class Bottleneck(nn.Module):
    """Maps latents (B, size, N) of the encoder to what the decoder gets.

    `forward(z, noise=None, depth=None)`: `noise` is standard normal of z's shape (VAE only), `depth` (B,) the number
    of books each example may use (RVQ only).
    """

    size: int

    def forward(self, z: Tensor, noise: Tensor | None = None, depth: Tensor | None = None) -> BottleneckOutput:
        """Map latents z (B, size, N) to those of the decoder."""
        raise NotImplementedError
