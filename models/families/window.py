"""Neural language model: the last samples, embedded and laid side by side, through a small network.

Bengio et al. 2003, A Neural Probabilistic Language Model, JMLR 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.families.bounded import Bounded, Recent, followed
from sottovoce.models.families.classes import CLASSES


class Window(Bounded):
    """Bengio's network with one hidden layer more, laid over the sequence as a convolution.

    Parameters
    ----------
    kind : str
        "window".
    window : int
        Past samples that it sees.
    embedding : int
        Numbers that a class is embedded in.
    hidden : int
        Size of each of the two tanh layers.
    """

    def __init__(self, kind: str, window: int = 32, embedding: int = 16, hidden: int = 192):
        super().__init__()
        self.reach = window
        self.recent = Recent(window, embedding, hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, CLASSES)

    def _logits(self, past: Tensor) -> Tensor:
        return self.out(torch.tanh(self.hidden(torch.tanh(self.recent(past)))))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of all samples (B, T)."""
        return self._logits(self.recent.before(x))

    def start(self, batch: int) -> Tensor:
        """The last classes (batch, window)."""
        return self.recent.start(batch)

    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 256) of the next sample."""
        past = followed(state, last)
        return self._logits(past)[:, 0], past
