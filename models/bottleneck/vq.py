"""Vector quantisation, codebook by moving averages (van den Oord et al. 2017, arXiv 1711.00937, appendix A)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn import functional as F

from sottovoce.models.bottleneck.base import Bottleneck, BottleneckOutput
from sottovoce.models.bottleneck.kmeans import k_means


def summed(x: Tensor) -> Tensor:
    """Return x summed over all training processes."""
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(x)
    return x


def gathered(x: Tensor) -> Tensor:
    """Rows of x of all training processes, in order of rank."""
    if dist.is_available() and dist.is_initialized():
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)
    return x


class Codebook(nn.Module):
    """`count` vectors that follow the data given to them; not trained by gradient."""

    entries: Tensor
    uses: Tensor
    sums: Tensor

    def __init__(self, count: int, size: int, decay: float = 0.99, restart_below: float = 0.03):
        super().__init__()
        self.count, self.decay, self.restart_below = count, decay, restart_below
        self.register_buffer("entries", torch.randn(count, size))
        self.register_buffer("uses", torch.ones(count))
        self.register_buffer("sums", self.entries.clone())
        self.ready = False  # a plain bool: reading a tensor would stall a GPU at every step

    def get_extra_state(self) -> bool:
        """Return whether the entries are initialised, for checkpoints."""
        return self.ready

    def set_extra_state(self, state: bool) -> None:
        """Set what `get_extra_state` returned."""
        self.ready = state

    def nearest(self, x: Tensor) -> Tensor:
        """Indices (n,) of the entries nearest to the rows of x (n, D)."""
        return ((self.entries**2).sum(1) - 2 * x @ self.entries.T).argmin(1)

    @torch.no_grad()
    def start(self, x: Tensor, iterations: int = 10) -> None:
        """First entries by k-means on the rows of x (n, D)."""
        self.entries.copy_(k_means(gathered(x.float()), self.count, iterations))
        self.sums.copy_(self.entries)
        self.uses.fill_(1.0)
        self.ready = True

    @torch.no_grad()
    def follow(self, x: Tensor, index: Tensor, weight: Tensor, order: Tensor | None = None) -> Tensor:
        """Moves entries towards the rows that chose them; returns how often each was chosen, (count,).

        Entries that fall out of use restart on rows of this batch. `weight` (n,) is 0 for rows to leave out; where
        there are such, `order` names the rows of all processes with those to leave out last.
        """
        hits = torch.zeros(len(x), self.count, device=x.device).scatter_(1, index[:, None], weight[:, None].float())
        counts, sums = summed(hits.sum(0)), summed(hits.T @ x.float())
        self.uses.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        rows, first = gathered(x.float()), gathered(index)[0]
        picks = (torch.arange(self.count, device=x.device) * 7919 + first) % counts.sum().long().clamp_min(1)
        fresh = rows[picks if order is None else order[picks]]
        # in the unit of the averages: right after the start these are far below a large batch's counts
        fair = self.uses.mean()
        dead = ((self.uses < self.restart_below * fair) & (counts.sum() > 0))[:, None]
        self.sums.copy_(torch.where(dead, fresh * fair, self.sums))
        self.uses.copy_(torch.where(dead[:, 0], fair, self.uses))
        # a book that nobody has used for long keeps its entries
        uses = self.uses[:, None]
        self.entries.copy_(torch.where(uses > 1e-3, self.sums / uses.clamp_min(1e-3), self.entries))
        return counts


def usage(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Share of a codebook in use and the perplexity of its codes, from counts (count,)."""
    p = counts / counts.sum().clamp_min(1)
    return (counts > 0).float().mean(), torch.exp(-(p * torch.log(p.clamp_min(1e-9))).sum())


class VQ(Bottleneck):
    """One codebook, straight-through gradient, commitment loss.

    Parameters
    ----------
    size : int
        Dimensions of a latent.
    codes : int
        Entries of the codebook; a step costs log2(codes) bits.
    commitment : float
        Weight of the commitment loss (beta in eq. 3 of the paper).
    """

    def __init__(
        self, size: int, codes: int, commitment: float = 0.25, decay: float = 0.99, restart_below: float = 0.03
    ):
        super().__init__()
        self.size, self.commitment = size, commitment
        self.book = Codebook(codes, size, decay, restart_below)

    def forward(self, z: Tensor, noise: Tensor | None = None, depth: Tensor | None = None) -> BottleneckOutput:
        """Quantise latents z (B, size, N): see `Bottleneck.forward`."""
        batch, size, steps = z.shape
        flat = z.detach().transpose(1, 2).reshape(-1, size).float()
        if self.training and not self.book.ready:
            self.book.start(flat)
        index = self.book.nearest(flat)
        found = self.book.entries[index].view(batch, steps, size).transpose(1, 2).clone()
        log: dict[str, Tensor] = {}
        if self.training:
            counts = self.book.follow(flat, index, torch.ones_like(flat[:, 0]))
            log["usage"], log["perplexity"] = usage(counts)
        loss = self.commitment * F.mse_loss(z, found)
        bits = z.new_full((), math.log2(self.book.count))
        return BottleneckOutput(z + (found - z).detach(), bits, loss, index.view(batch, steps, 1), log)
