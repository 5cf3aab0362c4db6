"""Autoregressive families with a finite receptive field."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, sequence_log_prob
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.embedding import cosine_embedding

PIECE = 16384
"""Number of samples scored at once, which bounds memory."""


class FiniteContext(Autoregressive):
    """p(x_t | the last `receptive_field` samples), so that long recordings can be scored block by block.

    Attributes
    ----------
    receptive_field : int
        Number of past samples on which a prediction depends.
    """

    receptive_field: int

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence in nats, (B, T) -> (B,)."""
        total = torch.zeros(len(x), device=x.device)
        for at in range(0, x.shape[1], PIECE):
            first = max(0, at - self.receptive_field)
            logits = self(x[:, first : at + PIECE])[:, at - first :]
            total = total + sequence_log_prob(logits, x[:, at : at + PIECE])
        return total


class ContextEmbedding(nn.Module):
    """Causal convolution over the embeddings of the last `count` classes.

    Parameters
    ----------
    count : int
        Kernel size: number of past classes.
    embedding : int
        Embedding dimension of a class.
    width : int
        Output channels.
    """

    def __init__(self, count: int, embedding: int, width: int):
        super().__init__()
        self.count = count
        self.embed = nn.Embedding.from_pretrained(cosine_embedding(embedding), freeze=False)
        self.mix = nn.Conv1d(embedding, width, count)

    def padded_past(self, x: Tensor) -> Tensor:
        """Input of `forward` that predicts all of the samples x (B, T): their past, (B, count - 1 + T)."""
        return F.pad(x, (self.count, -1), value=SILENCE)

    def start(self, batch: int) -> Tensor:
        """Initial past: `count` silent classes, (batch, count)."""
        return torch.full((batch, self.count), SILENCE, device=self.embed.weight.device)

    def forward(self, past: Tensor) -> Tensor:
        """Features of each window of `count` successive classes, (B, count - 1 + T) -> (B, T, width)."""
        return self.mix(self.embed(past).mT).mT


def append_class(past: Tensor, last: Tensor) -> Tensor:
    """Shift a new class (B,) into a window of the last classes (B, n)."""
    return torch.cat((past[:, 1:], last[:, None]), 1)
