"""A probe, a small classifier of single latent vectors, and its training."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 256
STEPS, BATCH, RATE = 600, 512, 3e-3


class Probe(nn.Module):
    """Classifier with one hidden layer on standardised vectors; the same for all points and tasks.

    Parameters
    ----------
    vectors : Tensor [shape=(n, D)]
        Training vectors, whose mean and standard deviation normalise the input.
    classes : int
        Number of classes.
    """

    def __init__(self, vectors: Tensor, classes: int):
        super().__init__()
        self.mean, self.scale = vectors.mean(0), 1 / vectors.std(0).clamp_min(1e-6)
        self.layers = nn.Sequential(nn.Linear(vectors.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes))

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (n, classes) of vectors (n, D)."""
        return self.layers((vectors - self.mean) * self.scale)


def fit(vectors: Tensor, labels: Tensor, classes: int, seed: int = 0) -> Probe:
    """Train a probe to predict labels (n,) from vectors (n, D), which receive no gradient."""
    vectors = vectors.detach()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = Probe(vectors, classes)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(probe.parameters(), RATE)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        rows = torch.randint(len(vectors), (BATCH,), generator=generator)
        loss = F.cross_entropy(probe(vectors[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return probe


@torch.no_grad()
def accuracy(probe: Probe, vectors: Tensor, labels: Tensor) -> float:
    """Accuracy of a probe on vectors (n, D) with labels (n,), in percent."""
    return 100 * float((probe(vectors).argmax(1) == labels).float().mean())


def chance(labels: Tensor, held_out: Tensor) -> float:
    """Accuracy on the held-out labels of always predicting the most frequent training label, in percent."""
    return 100 * float((held_out == labels.mode().values).float().mean())
