"""Counted n-grams of mu-law classes, backing off to shorter ones where the past was not seen often enough."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.base import Autoregressive, Counted
from sottovoce.models.families.classes import CLASSES, SILENCE

DISCOUNT = 0.75
STEPS = 6  # of stored probabilities, an octave
LEAST_LEFT = 2.0**-12  # of a context's probability, for what was pruned from it
BLOCK = 8192

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """The n-grams of one order.

    Attributes
    ----------
    keys : (n,) increasing; the classes as digits of base 256, the newest last
    times : (n,) how often each occurred
    followed : (n,) how often its context occurred with anything behind it
    """

    keys: Ints
    times: Ints
    followed: Ints

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Of the last class given those before it, by absolute discounting (Ney, Essen and Kneser 1994)."""
        return (self.times - DISCOUNT) / self.followed


def count(recordings: list[NDArray[np.uint8]], context: int, least: int, least_context: int) -> list[Counts]:
    """The n-grams of orders 1 ... context + 1 that occur `least` times, after contexts that occur `least_context`.

    Each order is counted in one table of (context, next class), whose rows are the n-grams found one order below
    (Agrawal and Srikant 1994: what is rare cannot become frequent by growing); row 0 takes in whatever is rare.
    """
    found: list[Counts] = []
    one = np.int32(1)  # of the tables' type, which numpy adds many times faster
    rows = np.zeros(2, np.int64)  # the key of each row's context: of row 0 there is none, row 1's is empty
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
        followed = table.reshape(-1, CLASSES).sum(1, dtype=np.int64)
        often = np.flatnonzero(table >= least)
        row, symbol = np.divmod(often, CLASSES)
        found.append(Counts(rows[row] * CLASSES + symbol, table[often].astype(np.int64), followed[row]))
        grown = np.flatnonzero(table >= least_context)
        rows = np.append(0, rows[grown // CLASSES] * CLASSES + grown % CLASSES)
        table[:] = 0
        table[grown] = np.arange(1, len(grown) + 1)
        longer.append(table)
    return found


def pack(orders: list[tuple[Ints, NDArray[np.uint8]]]) -> bytes:
    """Keys and levels of each order as few bytes: differences, the keys' with equal digits side by side."""
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
    """The n-grams of one order, to look up.

    Parameters
    ----------
    keys : (n,) as in Counts
    probabilities : (n,)
    shorter : (n,) probability of each one's last class in the model of the orders below
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
        # a context of which all was kept has no use for what is left
        left = torch.where(room > 1e-9, (1 - kept).clamp_min(LEAST_LEFT), 0)
        probabilities = probabilities * ((1 - left) / kept)[owner]
        weights = torch.where(left > 0, left / room, 0)
        # in front stands one that is never wanted, so that a search always ends on something
        self.register_buffer("keys", F.pad(keys, (1, 0), value=-1), persistent=False)
        self.register_buffer("probabilities", F.pad(probabilities, (1, 0)), persistent=False)
        self.register_buffer("contexts", F.pad(contexts, (1, 0), value=-1), persistent=False)
        self.register_buffer("weights", F.pad(weights, (1, 0), value=1.0), persistent=False)

    def forward(self, context: Tensor, symbol: Tensor, shorter: Tensor) -> Tensor:
        """Probabilities of classes (N, S) after contexts (N, 1), from those of the orders below (N, S)."""
        at, seen = self._find(self.keys, context * CLASSES + symbol)
        behind, known = self._find(self.contexts, context)
        weight = torch.where(known, self.weights[behind], 1.0)
        return torch.where(seen, self.probabilities[at], weight * shorter)

    @staticmethod
    def _find(keys: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        at = torch.searchsorted(keys, wanted, right=True) - 1
        return at, keys[at] == wanted


class NGram(Counted, Autoregressive):
    """p(next class | the last `context` classes) by counting; slide "n-gram LM" of the tutorial.

    An n-gram that is kept has its own discounted probability; all others share what is left of their context in
    proportion to the model one class shorter (Katz 1987), down to the uniform one. With hundreds of millions of samples
    most of what is left comes from pruning, not from the discount, hence back-off and not interpolation.

    Parameters
    ----------
    context : int
        Classes of the past that count.
    most : int
        N-grams to keep, of all orders together: those without which the training speech would cost most.
    least, least_context : int
        How often an n-gram and its context must occur to be thought of.
    """

    packed: Tensor

    def __init__(self, kind: str, context: int = 2, most: int = 500_000, least: int = 20, least_context: int = 200):
        super().__init__()
        self.context, self.most = context, most
        self.least, self.least_context = least, least_context
        self.set_extra_state(torch.frombuffer(bytearray(pack([])), dtype=torch.uint8))

    def get_extra_state(self) -> Tensor:
        """All that is stored: bytes, whose number is known only when all is counted."""
        return self.packed

    def set_extra_state(self, state: Tensor) -> None:
        """Take over what `get_extra_state` gave."""
        self.register_buffer("packed", state, persistent=False)
        self.tables = nn.ModuleList()
        for keys, levels in unpack(state.cpu().numpy().tobytes()):
            self._add(torch.from_numpy(keys), torch.from_numpy(2.0 ** (-levels.astype(np.float64) / STEPS)))

    def _add(self, keys: Tensor, probabilities: Tensor) -> None:
        self.tables.append(Table(keys, probabilities, self._shorter(keys)))

    def _shorter(self, keys: Tensor) -> Tensor:
        """Probabilities of the last digits of keys (n,) in the orders that are there."""
        digits = keys[:, None] // CLASSES ** torch.arange(len(self.tables), -1, -1) % CLASSES
        return self.probabilities(digits[:, :-1], digits[:, -1:])[:, 0]

    def learn(self, recordings: Iterable[Tensor]) -> dict[str, float]:
        """Count all recordings and keep the n-grams that are worth most; returns how many of how many."""
        found = count([x.numpy().astype(np.uint8) for x in recordings], self.context, self.least, self.least_context)
        self.tables = nn.ModuleList()
        worth = []
        for c in found:
            keys, p = torch.from_numpy(c.keys), torch.from_numpy(c.probabilities)
            ratio = (self._shorter(keys) / p).numpy()
            # nats by which the speech would cost more with the shorter one's probability, and its mass made up for
            worth.append(c.times * (ratio - 1 - np.log(ratio)))
            self._add(keys, p)
        all_worth = np.concatenate(worth)
        chosen = np.zeros(len(all_worth), bool)
        chosen[np.argsort(all_worth)[-self.most :]] = True
        kept = []
        for c, take in zip(found, np.split(chosen, np.cumsum([len(w) for w in worth])[:-1]), strict=True):
            levels = np.rint(-STEPS * np.log2(c.probabilities[take])).clip(0, 255)
            kept.append((c.keys[take], levels.astype(np.uint8)))
        self.set_extra_state(torch.frombuffer(bytearray(pack(kept)), dtype=torch.uint8))
        return {"ngrams": float(chosen.sum()), "ngrams_seen": float(len(chosen))}

    def probabilities(self, past: Tensor, symbol: Tensor) -> Tensor:
        """Of classes (N, S) after pasts (N, at least `context`), the newest class last."""
        p = torch.full(symbol.shape, 1 / CLASSES, dtype=torch.float64, device=past.device)
        key = past.new_zeros(len(past), 1)
        for order, table in enumerate(self.tables):
            if order:
                key = key + past[:, -order, None] * CLASSES ** (order - 1)
            p = table(key, symbol, p)
        return p

    def _pasts(self, x: Tensor) -> Tensor:
        """(B, T) -> (B * T, context + 1): each class behind its past."""
        silent = F.pad(x, (self.context, 0), value=SILENCE)
        return silent.unfold(1, self.context + 1, 1).flatten(0, 1)

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Nats of each whole sequence, (B, T) -> (B,)."""
        p = torch.cat([self.probabilities(part[:, :-1], part[:, -1:]) for part in self._pasts(x).split(BLOCK)])
        return p.log().view(x.shape).sum(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, 256): row t is log p(x_t = k | x_0 ... x_{t-1}), from (B, T)."""
        every = torch.arange(CLASSES, device=x.device)
        rows = [
            self.probabilities(part[:, :-1], every.expand(len(part), -1)).log().float()
            for part in self._pasts(x).split(BLOCK)
        ]
        return torch.cat(rows).view(*x.shape, CLASSES)

    def start(self, batch: int) -> Tensor:
        """The state in front of the first sample: the pasts (B, context)."""
        return torch.full((batch, self.context), SILENCE, device=self.device)

    def step(self, last: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 256) of the next sample from the last one (B,) and the state after the one before it."""
        state = torch.cat((state[:, 1:], last[:, None]), 1)
        every = torch.arange(CLASSES, device=last.device)
        return self.probabilities(state, every.expand(len(state), -1)).log().float(), state
