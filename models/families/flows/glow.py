"""Glow (Kingma and Dhariwal 2018, arXiv 1807.03039) on groups of samples."""

from __future__ import annotations

from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import Chain
from sottovoce.models.families.flows.coupling import Affine
from sottovoce.models.families.flows.family import Flow
from sottovoce.models.families.flows.mixing import Mixing


class Glow(Flow):
    """Steps of normalisation, 1x1 convolution and affine coupling.

    Parameters
    ----------
    group : int
        Samples that are one position's channels.
    steps : int
    hidden, layers : int
        Of each coupling's network.
    """

    def __init__(self, kind: str, group: int = 16, steps: int = 8, hidden: int = 32, layers: int = 4):
        super().__init__(group)
        self.flow = Chain([step(group, hidden, layers) for _ in range(steps)])


def step(channels: int, hidden: int, layers: int, condition: int = 0) -> Chain:
    """A step of the flow, figure 2a."""
    return Chain([ActNorm(channels), Mixing(channels), Affine(channels, hidden, layers, condition)])
