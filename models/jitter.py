"""Time jitter: each latent may be replaced by a neighbour (Chorowski et al. 2019, arXiv 1901.08810, section III-C)."""

from __future__ import annotations

import torch
from torch import Tensor


def jitter(latents: Tensor, moves: Tensor) -> Tensor:
    """Latents (B, D, N) with step n taken from n + moves[b, n]; moves (B, N) holds -1, 0 or 1."""
    steps = torch.arange(latents.shape[2], device=latents.device) + moves
    steps = steps.clamp(0, latents.shape[2] - 1)
    return latents.gather(2, steps[:, None].expand_as(latents))


def draw_moves(shape: tuple[int, int], probability: float, generator: torch.Generator) -> Tensor:
    """Moves for `jitter`: -1 and 1 with `probability` together, no step thrice in a row."""
    u = torch.rand(shape, generator=generator, device=generator.device)
    moves = (u < probability / 2).long() - (u > 1 - probability / 2).long()
    # n+1 copies n from the left while n-1 copies it from the right: then n would be heard three times
    moves[:, 2:] = torch.where((moves[:, 2:] == -1) & (moves[:, :-2] == 1), 0, moves[:, 2:])
    return moves
