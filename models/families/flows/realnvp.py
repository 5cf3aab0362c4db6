"""RealNVP (Dinh et al. 2016, arXiv 1605.08803) and its additive case NICE (Dinh et al. 2014, arXiv 1410.8516)."""

from __future__ import annotations

from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import Chain, Invertible, Shuffle
from sottovoce.models.families.flows.coupling import AdditiveCoupling, AffineCoupling
from sottovoce.models.families.flows.family import Flow


class RealNVP(Flow):
    """Coupling layers with alternating masks over the samples of a group (see `Shuffle`).

    Parameters
    ----------
    kind : str
        "realnvp": affine couplings, each preceded by ActNorm (instead of batch normalisation).
        "nice": additive couplings, and one diagonal scaling at the end.
    group : int
        Samples per group, the channels of the flow.
    couplings : int
        Number of coupling layers.
    hidden, layers : int
        Settings of each coupling network.
    """

    def __init__(self, kind: str, group: int = 16, couplings: int = 8, hidden: int = 32, layers: int = 3):
        super().__init__(group)
        additive = kind == "nice"
        steps: list[Invertible] = []
        for _ in range(couplings):
            if not additive:
                steps.append(ActNorm(group))
            steps += [Shuffle(group), (AdditiveCoupling if additive else AffineCoupling)(group, hidden, layers)]
        self.flow = Chain([*steps, ActNorm(group)])
