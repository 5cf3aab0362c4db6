"""N-gram model of mu-law classes, with back-off to lower orders for unseen or rare contexts."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, SinglePassFamily
from sottovoce.models.families.classes import CLASSES, SILENCE

DISCOUNT = 0.75
STEPS = 6  # quantisation levels of stored probabilities per octave
LEAST_LEFT = 2.0**-12  # minimum back-off probability mass of a context
BLOCK = 8192

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """The n-grams of one order.

    Attributes
    ----------
    keys : ndarray of int64 [shape=(n,)]
        Increasing; the classes as digits of base 256, the newest one least significant.
    times : ndarray of int64 [shape=(n,)]
        Count of each n-gram.
    context_times : ndarray of int64 [shape=(n,)]
        Count of its context, the sum of the counts of all n-grams that start with it.
    """

    keys: Ints
    times: Ints
    context_times: Ints

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probability of the last class given its context, by absolute discounting (Ney, Essen and Kneser 1994)."""
        return (self.times - DISCOUNT) / self.context_times


def count(recordings: list[NDArray[np.uint8]], context: int, min_count: int, min_context_count: int) -> list[Counts]:
    """Count the n-grams of orders 1 ... context + 1.

    N-grams that occur at least `min_count` times are returned; only contexts that occur at least `min_context_count`
    times are extended (Agrawal and Srikant 1994: an extension of a rare n-gram is rare). Each order is counted in one
    table of (context, next class), whose rows are the frequent n-grams one order below; row 0 collects all rare ones.
    """
    found: list[Counts] = []
    one = np.int32(1)  # same type as the tables, for which np.add.at is many times faster
    rows = np.zeros(2, np.int64)  # key of each row's context: none for row 0, the empty context for row 1
    longer: list[NDArray[np.int32]] = []  # for each order, (row, class) -> row of the next order
    for order in range(1, context + 2):
        table = np.zeros(len(rows) * CLASSES, np.int32)
        for x in recordings:
            past = np.full(order - 1 + len(x), SILENCE, np.int64)
            past[order - 1 :] = x
            row = np.ones(len(x), np.int64)
            for back, step in zip(range(order - 1, 0, -1), longer, strict=True):
                row = step[row * CLASSES + past[order - 1 - back :][: len(x)]]
            np.add.at(table, row.astype(np.int64) * CLASSES + x, one)
        table[:CLASSES] = 0
        context_times = table.reshape(-1, CLASSES).sum(1, dtype=np.int64)
        often = np.flatnonzero(table >= min_count)
        row, symbol = np.divmod(often, CLASSES)
        found.append(Counts(rows[row] * CLASSES + symbol, table[often].astype(np.int64), context_times[row]))
        grown = np.flatnonzero(table >= min_context_count)
        rows = np.append(0, rows[grown // CLASSES] * CLASSES + grown % CLASSES)
        table[:] = 0
        table[grown] = np.arange(1, len(grown) + 1)
        longer.append(table)
    return found


def pack(orders: list[tuple[Ints, NDArray[np.uint8]]]) -> bytes:
    """Compress the keys and quantised log-probabilities of each order: differences, byte planes, then LZMA."""
    columns = []
    for order, (keys, levels) in enumerate(orders, 1):
        digits = np.diff(keys, prepend=0).astype("<i8").view(np.uint8).reshape(-1, 8)[:, :order]
        columns += [np.array([len(keys)], "<i8").tobytes(), digits.T.tobytes()]
        columns.append(np.diff(levels, prepend=np.uint8(0)).tobytes())
    return lzma.compress(b"".join(columns))


def unpack(packed: bytes) -> list[tuple[Ints, NDArray[np.uint8]]]:
    """Inverse of `pack`."""
    raw = np.frombuffer(lzma.decompress(packed), np.uint8)
    orders: list[tuple[Ints, NDArray[np.uint8]]] = []
    while len(raw):
        n, order = int(raw[:8].view("<i8")[0]), len(orders) + 1
        digits, levels, raw = np.split(raw[8:], [order * n, (order + 1) * n])
        keys = np.zeros((n, 8), np.uint8)
        keys[:, :order] = digits.reshape(order, n).T
        orders.append((np.cumsum(keys.view("<i8")[:, 0]), np.cumsum(levels, dtype=np.uint8)))
    return orders


class Table(nn.Module):
    """Lookup table of the n-grams of one order.

    Parameters
    ----------
    keys : Tensor of int64 [shape=(n,)]
        As in Counts.
    probabilities : Tensor of float64 [shape=(n,)]
        Discounted probability of each n-gram's last class.
    shorter : Tensor of float64 [shape=(n,)]
        Probability of the same class in the model of the lower orders.
    """

    keys: Tensor
    probabilities: Tensor
    contexts: Tensor
    weights: Tensor

    def __init__(self, keys: Tensor, probabilities: Tensor, shorter: Tensor):
        super().__init__()
        contexts, owner = torch.unique(keys // CLASSES, return_inverse=True)
        nothing = torch.zeros(len(contexts), dtype=torch.float64)
        kept = nothing.index_add(0, owner, probabilities)
        room = 1 - nothing.index_add(0, owner, shorter)
        # no back-off mass is needed for a context all of whose classes were kept
        left = torch.where(room > 1e-9, (1 - kept).clamp_min(LEAST_LEFT), 0)
        probabilities = probabilities * ((1 - left) / kept)[owner]
        weights = torch.where(left > 0, left / room, 0)
        # a sentinel in front, so that every search has a result
        self.register_buffer("keys", F.pad(keys, (1, 0), value=-1), persistent=False)
        self.register_buffer("probabilities", F.pad(probabilities, (1, 0)), persistent=False)
        self.register_buffer("contexts", F.pad(contexts, (1, 0), value=-1), persistent=False)
        self.register_buffer("weights", F.pad(weights, (1, 0), value=1.0), persistent=False)

    def forward(self, context: Tensor, symbol: Tensor, shorter: Tensor) -> Tensor:
        """Probabilities of classes (N, S) after contexts (N, 1), given those of the lower orders (N, S)."""
        at, seen = self._find(self.keys, context * CLASSES + symbol)
        behind, known = self._find(self.contexts, context)
        weight = torch.where(known, self.weights[behind], 1.0)
        return torch.where(seen, self.probabilities[at], weight * shorter)

    @staticmethod
    def _find(keys: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        at = torch.searchsorted(keys, wanted, right=True) - 1
        return at, keys[at] == wanted


class NGram(SinglePassFamily, Autoregressive):
    """p(next class | the last `context` classes) by counting; slide "n-gram LM" of the tutorial.

    A kept n-gram has its own discounted probability. All others share the remaining mass of their context in proportion
    to the model of the next lower order (Katz 1987), down to the uniform distribution. With hundreds of millions of
    samples most of this mass comes from pruning, not from the discount, hence back-off instead of interpolation.

    Parameters
    ----------
    context : int
        Number of past classes.
    max_ngrams : int
        Number of n-grams to keep over all orders: those whose removal would raise the code length of the training
        speech most.
    min_count, min_context_count : int
        Minimum count of an n-gram and of its context.
    """

    packed: Tensor

    def __init__(
        self, kind: str, context: int = 2, max_ngrams: int = 500_000, min_count: int = 20, min_context_count: int = 200
    ):
        super().__init__()
        self.context, self.max_ngrams = context, max_ngrams
        self.min_count, self.min_context_count = min_count, min_context_count
        self.set_extra_state(torch.frombuffer(bytearray(pack([])), dtype=torch.uint8))

    def get_extra_state(self) -> Tensor:
        """The compressed n-grams (uint8); their size is only known after counting."""
        return self.packed

    def set_extra_state(self, state: Tensor) -> None:
        """Restore the n-grams from the result of `get_extra_state`."""
        self.register_buffer("packed", state, persistent=False)
        self.tables = nn.ModuleList()
        for keys, levels in unpack(state.cpu().numpy().tobytes()):
            self._add(torch.from_numpy(keys), torch.from_numpy(2.0 ** (-levels.astype(np.float64) / STEPS)))

    def _add(self, keys: Tensor, probabilities: Tensor) -> None:
        self.tables.append(Table(keys, probabilities, self._shorter(keys)))

    def _shorter(self, keys: Tensor) -> Tensor:
        """Probabilities of the last class of keys (n,) in the orders added so far."""
        digits = keys[:, None] // CLASSES ** torch.arange(len(self.tables), -1, -1) % CLASSES
        return self.probabilities(digits[:, :-1], digits[:, -1:])[:, 0]

    def fit(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Count the n-grams of all recordings and prune them; return the numbers of kept and of counted n-grams."""
        found = count(
            [x.numpy().astype(np.uint8) for x in recordings], self.context, self.min_count, self.min_context_count
        )
        self.tables = nn.ModuleList()
        worth = []
        for c in found:
            keys, p = torch.from_numpy(c.keys), torch.from_numpy(c.probabilities)
            ratio = (self._shorter(keys) / p).numpy()
            # increase of the code length in nats if the n-gram backed off, renormalisation included
            worth.append(c.times * (ratio - 1 - np.log(ratio)))
            self._add(keys, p)
        all_worth = np.concatenate(worth)
        chosen = np.zeros(len(all_worth), bool)
        chosen[np.argsort(all_worth)[-self.max_ngrams :]] = True
        kept = []
        for c, take in zip(found, np.split(chosen, np.cumsum([len(w) for w in worth])[:-1]), strict=True):
            levels = np.rint(-STEPS * np.log2(c.probabilities[take])).clip(0, 255)
            kept.append((c.keys[take], levels.astype(np.uint8)))
        self.set_extra_state(torch.frombuffer(bytearray(pack(kept)), dtype=torch.uint8))
        return {"ngrams": float(chosen.sum()), "ngrams_seen": float(len(chosen))}

    def probabilities(self, past: Tensor, symbol: Tensor) -> Tensor:
        """Probabilities of classes (N, S) after pasts (N, >= context), newest class last."""
        p = torch.full(symbol.shape, 1 / CLASSES, dtype=torch.float64, device=past.device)
        key = past.new_zeros(len(past), 1)
        for order, table in enumerate(self.tables):
            if order:
                key = key + past[:, -order, None] * CLASSES ** (order - 1)
            p = table(key, symbol, p)
        return p

    def _pasts(self, x: Tensor) -> Tensor:
        """Each class of (B, T) preceded by its past, (B * T, context + 1)."""
        silent = F.pad(x, (self.context, 0), value=SILENCE)
        return silent.unfold(1, self.context + 1, 1).flatten(0, 1)

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Log-likelihood of each sequence in nats, (B, T) -> (B,)."""
        p = torch.cat([self.probabilities(part[:, :-1], part[:, -1:]) for part in self._pasts(x).split(BLOCK)])
        return p.log().view(x.shape).sum(1)

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities (B, T, 256) of classes (B, T); row t is log p(x_t = k | x_0 ... x_{t-1})."""
        every = torch.arange(CLASSES, device=x.device)
        rows = [
            self.probabilities(part[:, :-1], every.expand(len(part), -1)).log().float()
            for part in self._pasts(x).split(BLOCK)
        ]
        return torch.cat(rows).view(*x.shape, CLASSES)

    def start(self, batch: int) -> Tensor:
        """Initial state: the last `context` classes, (B, context)."""
        return torch.full((batch, self.context), SILENCE, device=self.device)

    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, 256) of the next sample, given the last one (B,) and the previous state."""
        state = torch.cat((state[:, 1:], last[:, None]), 1)
        every = torch.arange(CLASSES, device=last.device)
        return self.probabilities(state, every.expand(len(state), -1)).log().float(), state
