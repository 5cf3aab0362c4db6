"""Autoregressive families that look back no further than a known number of samples."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, nats
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.embedding import cosines

PIECE = 16384
"""Samples scored at once: what bounds memory."""


class Bounded(Autoregressive):
    """p(x_t | the last `reach` samples): a recording's pieces can be scored one after the other.

    Attributes
    ----------
    reach : int
        Samples before one that have a say in it.
    """

    reach: int

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,)."""
        total = torch.zeros(len(x), device=x.device)
        for at in range(0, x.shape[1], PIECE):
            first = max(0, at - self.reach)
            logits = self(x[:, first : at + PIECE])[:, at - first :]
            total = total + nats(logits, x[:, at : at + PIECE])
        return total


class Recent(nn.Module):
    """A linear function of the embeddings of the last `count` classes.

    Parameters
    ----------
    count : int
        How many classes are looked at.
    embedding : int
        Numbers that a class is embedded in.
    width : int
        Numbers that come out.
    """

    def __init__(self, count: int, embedding: int, width: int):
        super().__init__()
        self.count = count
        self.embed = nn.Embedding.from_pretrained(cosines(embedding), freeze=False)
        self.mix = nn.Conv1d(embedding, width, count)

    def before(self, x: Tensor) -> Tensor:
        """What `forward` wants to know in front of each of the samples x (B, T): (B, count - 1 + T)."""
        return F.pad(x, (self.count, -1), value=SILENCE)

    def start(self, batch: int) -> Tensor:
        """The last classes (batch, count) before the beginning."""
        return torch.full((batch, self.count), SILENCE, device=self.embed.weight.device)

    def forward(self, past: Tensor) -> Tensor:
        """One row for each `count` successive classes, (B, count - 1 + T) -> (B, T, width)."""
        return self.mix(self.embed(past).mT).mT


def followed(past: Tensor, last: Tensor) -> Tensor:
    """The last classes (B, n) once another (B,) has come."""
    return torch.cat((past[:, 1:], last[:, None]), 1)
