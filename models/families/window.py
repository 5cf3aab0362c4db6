"""Neural language model: a feed-forward network on the concatenated embeddings of the last samples.

Bengio et al. 2003, A Neural Probabilistic Language Model, JMLR 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.finite_context import ContextEmbedding, FiniteContext, append_class


class Window(FiniteContext):
    """Bengio's network with a second hidden layer, applied along the sequence as a convolution.

    Parameters
    ----------
    kind : str
        "window".
    window : int
        Number of past samples.
    embedding : int
        Embedding dimension of a class.
    hidden : int
        Units of each of the two tanh layers.
    """

    def __init__(self, kind: str, window: int = 32, embedding: int = 16, hidden: int = 192):
        super().__init__()
        self.receptive_field = window
        self.recent = ContextEmbedding(window, embedding, hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, CLASSES)

    def _logits(self, past: Tensor) -> Tensor:
        return self.out(torch.tanh(self.hidden(torch.tanh(self.recent(past)))))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T)."""
        return self._logits(self.recent.padded_past(x))

    def start(self, batch: int) -> Tensor:
        """Initial state: the last `window` classes, (batch, window)."""
        return self.recent.start(batch)

    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 256) of the next sample."""
        past = append_class(state, last)
        return self._logits(past)[:, 0], past
