"""Causal Transformer with sliding-window self-attention (Vaswani et al. 2017, arXiv 1706.03762)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.finite_context import ContextEmbedding, FiniteContext, append_class


def rotary_table(size: int, period: int) -> Tensor:
    """Cosines and sines (2, period, size / 2) of rotary position embeddings (Su et al. 2021, arXiv 2104.09864).

    All frequencies are whole multiples of 1 / period, so that positions can be reduced modulo `period` and remain exact
    in recordings of any length.
    """
    spread = torch.logspace(0, math.log2(period / 4), size // 2, base=2.0).round()
    angle = 2 * math.pi * torch.arange(period)[:, None] * spread / period
    return torch.stack((angle.cos(), angle.sin()))


def apply_rotary(x: Tensor, turn: Tensor) -> Tensor:
    """Rotate pairs of channels of x (..., T, D) by the angles of their positions, given as `turn` (2, T, D / 2)."""
    (cos, sin), (a, b) = turn, x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)


@dataclass
class Cache:
    """Ring buffer of the keys and values (B, H, window, D) of the last samples; time t is at index t mod window."""

    keys: Tensor
    values: Tensor
    time: int = 0


class Attention(nn.Module):
    """Multi-head self-attention of each sample to the last `window` samples, itself included."""

    rotary_table: Tensor

    def __init__(self, width: int, heads: int, window: int):
        super().__init__()
        self.heads, self.window = heads, window
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.register_buffer("rotary_table", rotary_table(width // heads, 2 * window), persistent=False)

    def _parts(self, x: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (B, H, T, D), of x (B, T, C)."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        turn = self.rotary_table[:, positions % (2 * self.window)]
        return apply_rotary(q, turn), apply_rotary(k, turn), v

    def _blocks(self, x: Tensor) -> Tensor:
        """(B, H, n * window, D) -> (n, B * H, window, D)."""
        return x.unflatten(2, (-1, self.window)).movedim(2, 0).flatten(1, 2)

    def _with_previous(self, x: Tensor) -> Tensor:
        """Each block preceded by the previous block, (B, H, n * window, D) -> (n, B * H, 2 * window, D)."""
        blocks = self._blocks(x)
        return torch.cat((F.pad(blocks, (0, 0, 0, 0, 0, 0, 1, 0))[:-1], blocks), 2)

    def _mask(self, blocks: int) -> Tensor:
        """Attention mask of the queries of a block over the keys of two blocks, (blocks, 1, window, 2 * window)."""
        places = torch.arange(2 * self.window, device=self.rotary_table.device)
        ago = places[self.window :, None] - places
        there = (places >= self.window) | (torch.arange(blocks, device=places.device)[:, None] > 0)
        return ((ago >= 0) & (ago < self.window) & there[:, None])[:, None]

    def forward(self, x: Tensor) -> Tensor:
        """Attention output (B, T, C) of a whole sequence (B, T, C).

        Each block of `window` samples attends to itself and to the previous block, so that the cost is linear in T.
        """
        batch, time, _ = x.shape
        x = F.pad(x, (0, 0, 0, -time % self.window))
        q, k, v = self._parts(x, torch.arange(x.shape[1], device=x.device))
        q, k, v = self._blocks(q), self._with_previous(k), self._with_previous(v)
        seen = F.scaled_dot_product_attention(q, k, v, self._mask(len(q)))
        seen = seen.unflatten(1, (batch, self.heads)).permute(1, 0, 3, 2, 4).flatten(3).flatten(1, 2)
        return self.out(seen[:, :time])

    def step(self, x: Tensor, cache: Cache) -> Tensor:
        """Attention output (B, 1, C) of the next sample (B, 1, C); updates the cache."""
        q, k, v = self._parts(x, torch.tensor([cache.time], device=x.device))
        place = cache.time % self.window
        cache.keys[:, :, place : place + 1], cache.values[:, :, place : place + 1] = k, v
        cache.time += 1
        # rotated keys carry their position, so that their order in the ring buffer does not matter
        seen = F.scaled_dot_product_attention(q, cache.keys[:, :, : cache.time], cache.values[:, :, : cache.time])
        return self.out(seen.transpose(1, 2).flatten(2))


class AttentionBlock(nn.Module):
    """Pre-norm Transformer block: self-attention and a feed-forward network, each with a residual connection."""

    def __init__(self, width: int, heads: int, window: int, mlp_ratio: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, window)
        self.network = nn.Sequential(
            nn.Linear(width, mlp_ratio * width), nn.GELU(), nn.Linear(mlp_ratio * width, width)
        )

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """(B, T, C) -> (B, T, C): a whole sequence or, with a cache, its next sample."""
        h = self.norm1(x)
        x = x + (self.attention(h) if cache is None else self.attention.step(h, cache))
        return x + self.network(self.norm2(x))


class Transformer(FiniteContext):
    """A short causal convolution, which captures the correlation of adjacent samples, then Transformer blocks.

    Parameters
    ----------
    kind : str
        "transformer".
    width : int
        Channels of the residual path.
    layers, heads : int
        Number of blocks, and attention heads per block.
    window : int
        Attention span in samples.
    mlp_ratio : int
        Hidden units of the feed-forward network, as a multiple of `width`.
    embedding : int
        Embedding dimension of a class.
    conv_taps : int
        Kernel size of the first convolution.
    """

    def __init__(
        self,
        kind: str,
        width: int = 96,
        layers: int = 4,
        heads: int = 3,
        window: int = 256,
        mlp_ratio: int = 3,
        embedding: int = 32,
        conv_taps: int = 8,
    ):
        super().__init__()
        self.receptive_field = conv_taps + layers * (window - 1)
        self.front = ContextEmbedding(conv_taps, embedding, width)
        self.blocks = nn.ModuleList(AttentionBlock(width, heads, window, mlp_ratio) for _ in range(layers))
        self.cached = (heads, window, width // heads)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256) of classes (B, T)."""
        h = self.front(self.front.padded_past(x))
        for block in self.blocks:
            h = block(h)
        return self.out(self.norm(h))

    def start(self, batch: int) -> tuple[Tensor, list[Cache]]:
        """Initial state: the last classes (batch, conv_taps), and an empty cache for each block."""
        empty = self.out.weight.new_zeros(len(self.blocks), 2, batch, *self.cached)
        return self.front.start(batch), [Cache(*parts) for parts in empty]

    def step(self, last: Tensor, state: tuple[Tensor, list[Cache]]) -> tuple[Tensor, tuple[Tensor, list[Cache]]]:
        """Logits (B, 256) of the next sample; the caches are updated in place."""
        past = append_class(state[0], last)
        h = self.front(past)
        for block, cache in zip(self.blocks, state[1], strict=True):
            h = block(h, cache)
        return self.out(self.norm(h))[:, 0], (past, state[1])
