"""RealNVP (Dinh et al. 2016, arXiv 1605.08803) and its additive case NICE (Dinh et al. 2014, arXiv 1410.8516)."""

from __future__ import annotations

from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import Chain, Invertible, Shuffle
from sottovoce.models.families.flows.coupling import Additive, Affine
from sottovoce.models.families.flows.family import Flow


class RealNVP(Flow):
    """Couplings with alternating masks over the samples of a group; the masks take turns as in `Shuffle`.

    Parameters
    ----------
    kind : str
        "realnvp": affine couplings, each after a normalisation of the channels (ActNorm in place of batch norm).
        "nice": additive couplings, and a diagonal scaling at the end.
    group : int
        Samples that are one position's channels.
    couplings : int
    hidden, layers : int
        Of each coupling's network.
    """

    def __init__(self, kind: str, group: int = 16, couplings: int = 8, hidden: int = 32, layers: int = 3):
        super().__init__(group)
        additive = kind == "nice"
        steps: list[Invertible] = []
        for _ in range(couplings):
            if not additive:
                steps.append(ActNorm(group))
            steps += [Shuffle(group), (Additive if additive else Affine)(group, hidden, layers)]
        self.flow = Chain([*steps, ActNorm(group)])
