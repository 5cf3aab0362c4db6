"""The codec's gated WaveNet, told nothing: van den Oord et al. 2016, arXiv 1609.03499."""

from __future__ import annotations

from torch import Tensor

from sottovoce.models.families.base import shifted
from sottovoce.models.families.bounded import Bounded
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.embedding import cosines
from sottovoce.models.families.stepping import Stepping
from sottovoce.models.wavenet.network import WaveNet


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

    def start(self, batch: int) -> Stepping:
        """Empty queues."""
        stepping = Stepping(self.net, batch)
        stepping.tell(self.net.embed.weight.new_zeros(1, 1))
        return stepping

    def step(self, last: Tensor, state: Stepping) -> tuple[Tensor, Stepping]:
        """Logits (B, 256) of the next sample; the state is changed in place."""
        return state(last[:, None]), state
