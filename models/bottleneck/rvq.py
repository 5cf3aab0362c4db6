"""Residual vector quantisation: each book codes what the ones before left (SoundStream, arXiv 2107.03312, III-C)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sottovoce.models.bottleneck.base import Bottleneck, BottleneckOutput
from sottovoce.models.bottleneck.vq import Codebook, gathered, usage


class RVQ(Bottleneck):
    """Books in a row; an example may use only the first few, so that one model serves several rates.

    Parameters
    ----------
    size : int
        Dimensions of a latent.
    bits : sequence of ints
        Bits of each book: its entries are 2**bits.
    commitment : float
        Weight of the commitment losses of all books.
    """

    def __init__(
        self,
        size: int,
        bits: list[int],
        commitment: float = 0.25,
        decay: float = 0.99,
        restart_below: float = 0.03,
    ):
        super().__init__()
        self.size, self.bits, self.commitment = size, list(bits), commitment
        self.books = nn.ModuleList(Codebook(2**b, size, decay, restart_below) for b in bits)

    def forward(self, z: Tensor, noise: Tensor | None = None, depth: Tensor | None = None) -> BottleneckOutput:
        """Quantise latents z (B, size, N): see `Bottleneck.forward`."""
        batch, size, steps = z.shape
        flat = z.transpose(1, 2).reshape(-1, size).float()
        if depth is None:
            depth = torch.full((batch,), len(self.bits), device=z.device)
        allowed = depth.repeat_interleave(steps)
        order = None
        if self.training:
            self._start(flat.detach())
            # rows that use a book are the first in this order, whichever book it is
            order = torch.argsort(gathered(allowed), descending=True, stable=True)
        residual, total = flat.detach(), torch.zeros_like(flat)
        loss, bits = z.new_zeros(()), z.new_zeros(())
        codes, log = [], {}
        for level, book in enumerate(self.books):
            assert isinstance(book, Codebook)
            index = book.nearest(residual)
            used = (allowed > level).float()
            found = book.entries[index].clone() * used[:, None]
            if self.training:
                counts = book.follow(residual, index, used, order)
                log[f"usage/{level}"], log[f"perplexity/{level}"] = usage(counts)
            # z is pulled to the sum so far: the commitment of this book given those before it
            total = total + found
            loss = loss + ((flat - total) ** 2 * used[:, None]).mean()
            residual = residual - found
            bits = bits + self.bits[level] * used.mean()
            codes.append(index)
        latents = total.view(batch, steps, size).transpose(1, 2)
        return BottleneckOutput(
            z + (latents - z).detach(),
            bits=bits,
            loss=self.commitment * loss / len(self.bits),
            codes=torch.stack(codes, 1).view(batch, steps, -1),
            log=log,
        )

    def _start(self, residual: Tensor) -> None:
        """First entries of books that have none, as if all rows (n, size) used all books."""
        if all(book.ready for book in self.books):
            return
        for book in self.books:
            assert isinstance(book, Codebook)
            if not book.ready:
                book.start(residual)
            residual = residual - book.entries[book.nearest(residual)]

    def lookup(self, codes: Tensor) -> Tensor:
        """Latents (B, size, N) of codes (B, N, books); any number of leading books."""
        books = [book.entries for book in self.books if isinstance(book, Codebook)]
        found = [entries[codes[..., i]] for i, entries in enumerate(books[: codes.shape[-1]])]
        return torch.stack(found).sum(0).transpose(1, 2)

    def rate(self, steps_per_second: float, books: int | None = None) -> float:
        """Bits a second of the first `books` books."""
        return steps_per_second * math.fsum(self.bits[:books])
