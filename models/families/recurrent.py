"""Recurrent networks: a state of fixed size summarises the whole past.

Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Cho et al. 2014 (gated recurrent units), arXiv 1406.1078.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sottovoce.models.families.base import Autoregressive, sequence_log_prob, shift_right
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.embedding import cosine_embedding

PIECE = 4096
"""Number of samples scored at once, which bounds memory."""

MODULES: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

State = Tensor | tuple[Tensor, Tensor] | None
"""State of a torch.nn recurrent module; None is the zero state."""


class Recurrent(Autoregressive):
    """Embedding of the previous class, recurrent layers, linear output layer.

    Parameters
    ----------
    kind : str
        "rnn" (tanh units), "lstm" or "gru".
    hidden : int
        Units per layer.
    layers : int
        Number of recurrent layers.
    embedding : int
        Embedding dimension of a class.
    """

    def __init__(self, kind: str, hidden: int = 224, layers: int = 1, embedding: int = 64):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(cosine_embedding(embedding), freeze=False)
        self.recurrent = MODULES[kind](embedding, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, CLASSES)

    def run(self, past: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, T, 256) of the sample after each of the classes (B, T), and the final state."""
        h, state = self.recurrent(self.embed(past), state)
        return self.out(h), state

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T)."""
        return self.run(shift_right(x), None)[0]

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence in nats, (B, T) -> (B,)."""
        total, state = torch.zeros(len(x), device=x.device), None
        for past, piece in zip(shift_right(x).split(PIECE, 1), x.split(PIECE, 1), strict=True):
            logits, state = self.run(past, state)
            total = total + sequence_log_prob(logits, piece)
        return total

    def start(self, batch: int) -> State:
        """Initial state: zeros."""
        return None

    def step(self, last: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, 256) of the next sample."""
        logits, state = self.run(last[:, None], state)
        return logits[:, 0], state
