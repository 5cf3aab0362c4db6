"""Initialisation of stage 1: the Karhunen-Loeve transform of log-mel blocks, and codebooks by k-means."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sottovoce.models.bottleneck import RVQ
from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.features import BANDS
from sottovoce.models.linear_core import LinearCoreConditioner, LinearCoreEncoder
from sottovoce.models.model import SpeechModel
from sottovoce.models.training import spectra
from sottovoce.models.training.data import Corpus

BLOCKS = 120_000  # for the covariance matrix
ROWS = 40_000  # for k-means
ITERATIONS = 12


@torch.no_grad()
def initialise(model: SpeechModel, corpus: Corpus, settings: dict[str, Any]) -> None:
    """Initialise the linear cores of encoder and conditioner, and the books of a residual quantiser, from speech."""
    generator = torch.Generator(corpus.device).manual_seed(settings["seed"])
    blocks = _blocks(model, corpus, generator)
    mean = blocks.mean(0)
    _, vectors = torch.linalg.eigh((blocks - mean).T.double().cov())
    basis = vectors.flip(1)[:, : model.encoder_latent].T.float()
    assert isinstance(model.encoder, LinearCoreEncoder) and isinstance(model.conditioner, LinearCoreConditioner)
    model.encoder.initialise(basis, mean)
    model.conditioner.initialise(basis, mean)
    if isinstance(model.bottleneck, RVQ):
        picks = torch.randperm(len(blocks), generator=generator, device=corpus.device)[:ROWS]
        residual = (blocks[picks] - mean) @ basis.T
        for book in model.bottleneck.books:
            assert isinstance(book, Codebook)
            book.start(residual, ITERATIONS)
            residual = residual - book.entries[book.nearest(residual)]


def _blocks(model: SpeechModel, corpus: Corpus, generator: torch.Generator) -> Tensor:
    """Normalised log-mel blocks (n, step x 80) of random crops."""
    frames, step = 400, model.encoder.step
    found: list[Tensor] = []
    while sum(len(x) for x in found) < min(BLOCKS, len(corpus.f0) // step):
        wave = corpus.crop(generator, 16, frames, frames, False, True).wave
        x = spectra.encoder_input("logmel", spectra.frames(wave)).transpose(1, 2)
        found.append(x.reshape(-1, step * BANDS))
    return torch.cat(found)
