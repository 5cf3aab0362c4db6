"""The codec's gated WaveNet, told nothing: van den Oord et al. 2016, arXiv 1609.03499."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.families.base import shifted
from sottovoce.models.families.bounded import Bounded
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.embedding import cosines
from sottovoce.models.wavenet.network import Layer, WaveNet, gated


@dataclass
class Queues:
    """What sampling keeps, changed in place (Le Paine et al. 2016, fast WaveNet, arXiv 1611.09482).

    Attributes
    ----------
    weights : of each layer, on their grid: dilated (2C, 2C), out (C + S, C) and its bias
    biases : of each layer, (1, 1, 2C)
    queues : of each layer with dilation d, its last d inputs (B, d, C), that of time t at t mod d
    time : samples seen
    """

    weights: list[tuple[Tensor, Tensor, Tensor]]
    biases: list[Tensor]
    queues: list[Tensor]
    time: int = 0


def on_grid(layer: Layer) -> tuple[Tensor, Tensor, Tensor]:
    """A layer's weights as `gated` takes them."""
    return layer.dilated.grid_weight(), layer.out.grid_weight(), layer.out.bias


class Dilated(Bounded):
    """Dilated convolutions with gates, residual and skip connections.

    Parameters
    ----------
    kind : str
        "wavenet".
    channels, skip : int
        Residual and skip channels.
    cycles, dilations : int
        The dilations 1, 2, 4 ... 2**(dilations-1) are repeated `cycles` times.
    """

    def __init__(self, kind: str, channels: int = 48, skip: int = 64, cycles: int = 2, dilations: int = 10):
        super().__init__()
        self.net = WaveNet(1, channels, skip, cycles, dilations, condition=1, rows=CLASSES)
        self.net.embed.weight.data = 0.3 * cosines(channels)  # as large as the codec's start
        self.reach = self.net.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of all samples (B, T)."""
        return self.net(shifted(x)[..., None], self.net.embed.weight.new_zeros(len(x), 1, 1))

    def start(self, batch: int) -> Queues:
        """Empty queues."""
        net = self.net
        return Queues(
            [on_grid(layer) for layer in net.layers if isinstance(layer, Layer)],
            list(net.condition.bias[None, None].chunk(len(net.layers), -1)),
            [net.embed.weight.new_zeros(batch, dilation, net.channels) for dilation in net.dilations],
        )

    def step(self, last: Tensor, state: Queues) -> tuple[Tensor, Queues]:
        """Logits (B, 256) of the next sample; the state is changed in place."""
        x = self.net.embed(last[:, None])
        skips = x.new_zeros(len(x), 1, self.net.skip)
        for weights, bias, queue in zip(state.weights, state.biases, state.queues, strict=True):
            place = state.time % queue.shape[1]
            past = queue[:, place : place + 1].clone()
            queue[:, place : place + 1] = x
            x, skips = gated(x, past, skips, bias, *weights)
        state.time += 1
        return self.net.head2(F.relu(self.net.head1(F.relu(skips))))[:, 0], state
