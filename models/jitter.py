"""Time jitter: random replacement of latents by a neighbour (Chorowski et al. 2019, arXiv 1901.08810, III-C)."""

from __future__ import annotations

import torch
from torch import Tensor


def jitter(latents: Tensor, moves: Tensor) -> Tensor:
    """Replace latents by their neighbours.

    Parameters
    ----------
    latents : Tensor [shape=(B, D, N)]
    moves : Tensor of int64 [shape=(B, N)]
        Offset -1, 0 or 1 of the step that replaces each step.

    Returns
    -------
    Tensor [shape=(B, D, N)]
    """
    steps = torch.arange(latents.shape[2], device=latents.device) + moves
    steps = steps.clamp(0, latents.shape[2] - 1)
    return latents.gather(2, steps[:, None].expand_as(latents))


def sample_moves(shape: tuple[int, int], probability: float, generator: torch.Generator) -> Tensor:
    """Offsets for `jitter`, non-zero with `probability`; no latent is repeated three times in a row."""
    u = torch.rand(shape, generator=generator, device=generator.device)
    moves = (u < probability / 2).long() - (u > 1 - probability / 2).long()
    # avoid that both n - 1 and n + 1 are replaced by n
    moves[:, 2:] = torch.where((moves[:, 2:] == -1) & (moves[:, :-2] == 1), 0, moves[:, 2:])
    return moves
