"""Recurrent networks: a state of fixed size sums up all that was before.

Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Cho et al. 2014 (gated recurrent units), arXiv 1406.1078.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sottovoce.models.families.base import Autoregressive, nats, shifted
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.embedding import cosines

PIECE = 4096
"""Samples scored at once: what bounds memory."""

MODULES: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

State = Tensor | tuple[Tensor, Tensor] | None
"""As torch.nn's modules take it; None is zero."""


class Recurrent(Autoregressive):
    """Embedded classes, recurrent layers, logits.

    Parameters
    ----------
    kind : str
        "rnn" (tanh units), "lstm" or "gru".
    hidden : int
        Units of a layer.
    layers : int
        Recurrent layers.
    embedding : int
        Numbers that a class is embedded in.
    """

    def __init__(self, kind: str, hidden: int = 224, layers: int = 1, embedding: int = 64):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(cosines(embedding), freeze=False)
        self.recurrent = MODULES[kind](embedding, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, CLASSES)

    def run(self, past: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, T, 256) of the samples that follow each of (B, T), and the state after the last."""
        h, state = self.recurrent(self.embed(past), state)
        return self.out(h), state

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of all samples (B, T)."""
        return self.run(shifted(x), None)[0]

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,)."""
        total, state = torch.zeros(len(x), device=x.device), None
        for past, piece in zip(shifted(x).split(PIECE, 1), x.split(PIECE, 1), strict=True):
            logits, state = self.run(past, state)
            total = total + nats(logits, piece)
        return total

    def start(self, batch: int) -> State:
        """Zeros."""
        return None

    def step(self, last: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, 256) of the next sample."""
        logits, state = self.run(last[:, None], state)
        return logits[:, 0], state
