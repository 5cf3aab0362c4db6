"""Causal Transformer whose samples attend to a bounded past (Vaswani et al. 2017, arXiv 1706.03762)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.bounded import Bounded, Recent, followed
from sottovoce.models.families.classes import CLASSES


def turns(size: int, period: int) -> Tensor:
    """Cosines and sines (2, period, size / 2) of rotary positions (Su et al. 2021, arXiv 2104.09864).

    All frequencies are whole numbers of turns in `period` samples, so that a position counts modulo `period`: it is
    exact in recordings of any length.
    """
    spread = torch.logspace(0, math.log2(period / 4), size // 2, base=2.0).round()
    angle = 2 * math.pi * torch.arange(period)[:, None] * spread / period
    return torch.stack((angle.cos(), angle.sin()))


def rotated(x: Tensor, turn: Tensor) -> Tensor:
    """Pairs of the numbers of x (..., T, D) turned by their positions' angles (2, T, D / 2)."""
    (cos, sin), (a, b) = turn, x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)


@dataclass
class Cache:
    """Keys and values (B, H, window, D) of the last samples, that of time t at t mod window; changed in place."""

    keys: Tensor
    values: Tensor
    time: int = 0


class Attention(nn.Module):
    """Each sample looks at the last `window` samples, itself among them."""

    turns: Tensor

    def __init__(self, width: int, heads: int, window: int):
        super().__init__()
        self.heads, self.window = heads, window
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.register_buffer("turns", turns(width // heads, 2 * window), persistent=False)

    def _parts(self, x: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (B, H, T, D), of x (B, T, C)."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        turn = self.turns[:, positions % (2 * self.window)]
        return rotated(q, turn), rotated(k, turn), v

    def _blocks(self, x: Tensor) -> Tensor:
        """(B, H, n * window, D) -> (n, B * H, window, D)."""
        return x.unflatten(2, (-1, self.window)).movedim(2, 0).flatten(1, 2)

    def _with_former(self, x: Tensor) -> Tensor:
        """Each block behind the one before it, (B, H, n * window, D) -> (n, B * H, 2 * window, D)."""
        blocks = self._blocks(x)
        return torch.cat((F.pad(blocks, (0, 0, 0, 0, 0, 0, 1, 0))[:-1], blocks), 2)

    def _mask(self, blocks: int) -> Tensor:
        """Which of the keys of two blocks a query of the latter may see, (blocks, 1, window, 2 * window)."""
        places = torch.arange(2 * self.window, device=self.turns.device)
        ago = places[self.window :, None] - places
        there = (places >= self.window) | (torch.arange(blocks, device=places.device)[:, None] > 0)
        return ((ago >= 0) & (ago < self.window) & there[:, None])[:, None]

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) -> (B, T, C). A block of `window` samples looks at itself and the one before: cost grows with T."""
        batch, time, _ = x.shape
        x = F.pad(x, (0, 0, 0, -time % self.window))
        q, k, v = self._parts(x, torch.arange(x.shape[1], device=x.device))
        q, k, v = self._blocks(q), self._with_former(k), self._with_former(v)
        seen = F.scaled_dot_product_attention(q, k, v, self._mask(len(q)))
        seen = seen.unflatten(1, (batch, self.heads)).permute(1, 0, 3, 2, 4).flatten(3).flatten(1, 2)
        return self.out(seen[:, :time])

    def step(self, x: Tensor, cache: Cache) -> Tensor:
        """One sample, (B, 1, C) -> (B, 1, C)."""
        q, k, v = self._parts(x, torch.tensor([cache.time], device=x.device))
        place = cache.time % self.window
        cache.keys[:, :, place : place + 1], cache.values[:, :, place : place + 1] = k, v
        cache.time += 1
        # rotated keys know where they are: their order in the cache is free
        seen = F.scaled_dot_product_attention(q, cache.keys[:, :, : cache.time], cache.values[:, :, : cache.time])
        return self.out(seen.transpose(1, 2).flatten(2))


class AttentionBlock(nn.Module):
    """Attention, then a network at each sample, both around a residual path and normalised in front."""

    def __init__(self, width: int, heads: int, window: int, wider: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, window)
        self.network = nn.Sequential(nn.Linear(width, wider * width), nn.GELU(), nn.Linear(wider * width, width))

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """(B, T, C) -> (B, T, C): a whole sequence, or the next sample of that in the cache."""
        h = self.norm1(x)
        x = x + (self.attention(h) if cache is None else self.attention.step(h, cache))
        return x + self.network(self.norm2(x))


class Transformer(Bounded):
    """A short convolution, so that it need not learn to look one sample back, then blocks of attention.

    Parameters
    ----------
    kind : str
        "transformer".
    width : int
        Size of the residual path.
    layers, heads : int
        Blocks, and heads of each.
    window : int
        Samples that a head looks at.
    wider : int
        Hidden units of a block's network, in widths.
    embedding : int
        Numbers that a class is embedded in.
    front : int
        Classes that the convolution looks at.
    """

    def __init__(
        self,
        kind: str,
        width: int = 96,
        layers: int = 4,
        heads: int = 3,
        window: int = 256,
        wider: int = 3,
        embedding: int = 32,
        front: int = 8,
    ):
        super().__init__()
        self.reach = front + layers * (window - 1)
        self.front = Recent(front, embedding, width)
        self.blocks = nn.ModuleList(AttentionBlock(width, heads, window, wider) for _ in range(layers))
        self.cached = (heads, window, width // heads)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of all samples (B, T)."""
        h = self.front(self.front.before(x))
        for block in self.blocks:
            h = block(h)
        return self.out(self.norm(h))

    def start(self, batch: int) -> tuple[Tensor, list[Cache]]:
        """The last classes (batch, front), and an empty cache for each block."""
        empty = self.out.weight.new_zeros(len(self.blocks), 2, batch, *self.cached)
        return self.front.start(batch), [Cache(*parts) for parts in empty]

    def step(self, last: Tensor, state: tuple[Tensor, list[Cache]]) -> tuple[Tensor, tuple[Tensor, list[Cache]]]:
        """Logits (B, 256) of the next sample; the caches are changed in place."""
        past = followed(state[0], last)
        h = self.front(past)
        for block, cache in zip(self.blocks, state[1], strict=True):
            h = block(h, cache)
        return self.out(self.norm(h))[:, 0], (past, state[1])
