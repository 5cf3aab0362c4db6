"""Unconditional WaveNet (van den Oord et al. 2016, arXiv 1609.03499), built from the codec's network."""

from __future__ import annotations

from torch import Tensor

from sottovoce.models.families.base import shift_right
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.embedding import cosine_embedding
from sottovoce.models.families.finite_context import FiniteContext
from sottovoce.models.families.stepping import WaveNetStepper
from sottovoce.models.wavenet.network import WaveNet


class UnconditionalWaveNet(FiniteContext):
    """Gated dilated causal convolutions with residual and skip connections.

    Parameters
    ----------
    kind : str
        "wavenet".
    channels, skip : int
        Residual and skip channels.
    cycles, dilations : int
        The layers have dilations 1, 2, 4 ... 2**(dilations - 1), repeated `cycles` times.
    """

    def __init__(self, kind: str, channels: int = 48, skip: int = 64, cycles: int = 2, dilations: int = 10):
        super().__init__()
        self.net = WaveNet(1, channels, skip, cycles, dilations, condition=1, rows=CLASSES)
        self.net.embed.weight.data = 0.3 * cosine_embedding(channels)  # scale of the codec's initial embedding
        self.receptive_field = self.net.receptive_field

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T)."""
        return self.net(shift_right(x)[..., None], self.net.embed.weight.new_zeros(len(x), 1, 1))

    def start(self, batch: int) -> WaveNetStepper:
        """Initial state: empty queues of layer inputs."""
        stepping = WaveNetStepper(self.net, batch)
        stepping.set_condition(self.net.embed.weight.new_zeros(1, 1))
        return stepping

    def step(self, last: Tensor, state: WaveNetStepper) -> tuple[Tensor, WaveNetStepper]:
        """Logits (B, 256) of the next sample; the state is updated in place."""
        return state(last[:, None]), state
