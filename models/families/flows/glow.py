"""Glow (Kingma and Dhariwal 2018, arXiv 1807.03039) on groups of samples."""

from __future__ import annotations

from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import Chain
from sottovoce.models.families.flows.coupling import AffineCoupling
from sottovoce.models.families.flows.family import Flow
from sottovoce.models.families.flows.mixing import InvertibleConv1x1


class Glow(Flow):
    """Flow steps of activation normalisation, invertible 1x1 convolution and affine coupling.

    Parameters
    ----------
    kind : str
        "glow".
    group : int
        Samples per group, the channels of the flow.
    steps : int
        Number of flow steps.
    hidden, layers : int
        Settings of each coupling network.
    """

    def __init__(self, kind: str, group: int = 16, steps: int = 8, hidden: int = 32, layers: int = 4):
        super().__init__(group)
        self.flow = Chain([step(group, hidden, layers) for _ in range(steps)])


def step(channels: int, hidden: int, layers: int, condition: int = 0) -> Chain:
    """One step of flow (figure 2a)."""
    return Chain([ActNorm(channels), InvertibleConv1x1(channels), AffineCoupling(channels, hidden, layers, condition)])
