"""Training of the context model of a release's codes (codec/bits/context/), in floats that are then quantised."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.release import Release

Codes = Sequence[NDArray[np.int16]]
"""Recordings, each [steps, books]."""

GROUP = 50  # steps that are encoded at a time
RANK = 64
HIDDEN = 192
BATCH = 512
STEPS_AT_ONCE = 200_000  # whose context is in memory
NOTES = 20  # progress reports per run
RATE = 6e-3
DECAY = 0.1
DROPPED = 0.1  # of the hidden units
UNIT = 512.0  # scale of the network's inputs
MAX_INT8 = 127


@dataclass(frozen=True)
class IntegerLayout:
    """Fixed-point formats of the context model: constants of codec/bits/context/units.py.

    Parameters
    ----------
    block_steps : int
        Steps after which the context is reset.
    ages : int
        Number of ages (steps since a reset) that are distinguished.
    slow : tuple of int
        Shifts of the exponential averages: an average decays by 2**-shift per step.
    fine_bits, sum_bits, sum_limit, hidden_bits, logit_bits : int
        Fraction bits of averages; bits dropped from sums of vectors, and their limit; fraction bits of states and of
        logits.
    """

    block_steps: int
    ages: int
    slow: tuple[int, ...]
    fine_bits: int
    sum_bits: int
    sum_limit: int
    hidden_bits: int
    logit_bits: int


def codes_of(model: Release, wave: NDArray[np.float32]) -> dict[int, NDArray[np.int16]]:
    """Encode a recording with all presets.

    Parameters
    ----------
    model : Release
    wave : ndarray of float32 [shape=(n,)]
        At the models' level, n >= 1.

    Returns
    -------
    dict of int to ndarray of int16 [shape=(steps, books)]
        Codes by index of the preset.
    """
    codes = {}
    for preset in model.presets.values():
        encoder = model.encoder(preset.books, GROUP)
        codes[preset.index] = np.concatenate((encoder.push(wave), encoder.finish()))
    return codes


@dataclass(frozen=True)
class _Steps:
    """Codes of the recordings at one preset, concatenated."""

    codes: Tensor  # (steps, books)
    lengths: NDArray[np.int64]
    sums: NDArray[np.int64]  # (steps, size)
    layout: IntegerLayout

    @classmethod
    def of(cls, recordings: Codes, books: Sequence[NDArray[np.int16]], layout: IntegerLayout) -> _Steps:
        codes = np.concatenate(recordings).astype(np.int64)
        sums = sum(book.astype(np.int64)[codes[:, k]] for k, book in zip(range(codes.shape[1]), books, strict=False))
        small = np.clip(sums >> layout.sum_bits, -layout.sum_limit, layout.sum_limit)
        return cls(torch.from_numpy(codes), np.array([len(one) for one in recordings]), small, layout)

    def past(self, offset: int) -> tuple[Tensor, Tensor]:
        """Return context (steps, inputs) and age (steps,) of each step, with blocks that begin at `offset`."""
        fine = self.layout.fine_bits
        starts = np.cumsum(self.lengths) - self.lengths
        within = np.arange(len(self.sums)) - np.repeat(starts, self.lengths)
        age = np.minimum((within + offset) % self.layout.block_steps, within)
        last = np.zeros((len(age), self.sums.shape[1]), np.int64)
        before, slow = np.zeros_like(last), [np.zeros_like(last) for _ in self.layout.slow]
        for n in range(1, int(age.max()) + 1):
            here = np.flatnonzero(age == n)
            last[here], before[here] = self.sums[here - 1], last[here - 1]
            for mean, shift in zip(slow, self.layout.slow, strict=True):
                mean[here] = mean[here - 1] + (((self.sums[here - 1] << fine) - mean[here - 1]) >> shift)
        inputs = np.concatenate((last, before, *(mean >> fine for mean in slow)), 1).astype(np.float32)
        return torch.from_numpy(inputs) / UNIT, torch.from_numpy(np.minimum(age, self.layout.ages - 1))


class ContextPredictor(nn.Module):
    """The context model in floats, which codec/bits/context/coder.py describes.

    Parameters
    ----------
    books : sequence of arrays (entries, size)
    presets : int
        Number of presets of the release.
    rules : IntegerLayout
    """

    def __init__(self, books: Sequence[NDArray[np.int16]], presets: int, layout: IntegerLayout):
        super().__init__()
        self.layout = layout
        vectors = [torch.from_numpy(book.astype(np.float32)) / 2**layout.sum_bits / UNIT for book in books]
        axes = torch.linalg.eigh(sum(one.T @ one for one in vectors))[1][:, -RANK:]
        count, inputs = len(books), books[0].shape[1] * (2 + len(layout.slow))
        self.past = nn.Linear(inputs, HIDDEN)
        self.age = nn.Parameter(torch.zeros(layout.ages, HIDDEN))
        self.entries = nn.ParameterList([nn.Parameter(one @ axes) for one in vectors])
        self.drive = nn.Parameter(torch.randn(count, HIDDEN, RANK) / HIDDEN**0.5)
        self.start = nn.Parameter(torch.zeros(presets, count, RANK))
        self.views = nn.ParameterList([nn.Parameter(torch.randn(len(one), RANK) * 0.04) for one in vectors])
        self.bias = nn.ParameterList([nn.Parameter(torch.zeros(len(one))) for one in vectors])

    def forward(self, codes: Tensor, past: Tensor, age: Tensor, preset: int) -> Tensor:
        """Return the information content in bits (n, books) of codes (n, books), given their context."""
        hidden = F.dropout(F.relu(self.past(past) + self.age[age]), DROPPED, self.training)
        chosen = torch.zeros(len(codes), self.start.shape[2])
        bits = []
        for k in range(codes.shape[1]):
            state = chosen + hidden @ self.drive[k] + self.start[preset, k]
            bits.append(F.cross_entropy(state @ self.views[k].T + self.bias[k], codes[:, k], reduction="none"))
            chosen = chosen + self.entries[k][codes[:, k]]
        return torch.stack(bits, 1) / math.log(2)


def fit(
    codes: Mapping[int, Codes],
    books: Sequence[NDArray[np.int16]],
    layout: IntegerLayout,
    *,
    minutes: float,
    seed: int = 0,
    note: Callable[[str], None] = print,
) -> dict[str, NDArray]:
    """Train the context model on codes of recordings.

    Parameters
    ----------
    codes : dict of int to sequence of arrays (steps, books)
        Codes by index of the preset, 0 to the number of presets less one; the same recordings for all.
    books : sequence of int16 arrays (entries, size)
        The release's code books.
    rules : IntegerLayout
    minutes : float
        Duration of training.
    seed : int
        Seed of the random numbers.
    note : callable
        Receives lines of progress.

    Returns
    -------
    dict of str to ndarray
        Tables for `ContextModel`.

    Raises
    ------
    ValueError
        When a preset has fewer steps than a batch has.
    """
    torch.manual_seed(seed)
    if short := [index for index, one in codes.items() if sum(map(len, one)) < BATCH]:
        raise ValueError(f"too little speech: fewer than {BATCH} steps of preset {short[0]}")
    model = ContextPredictor(books, len(codes), layout)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    width = {
        index: sum(len(book).bit_length() - 1 for book in books[: one[0].shape[1]]) for index, one in codes.items()
    }
    shares: dict[int, float] = {}
    since: list[list[float]] = []  # the last note: shares of each batch
    begun, reported = time.monotonic(), 0
    for step, batch in enumerate(_batches(codes, books, layout, np.random.default_rng(seed)), 1):
        done = min(1.0, (time.monotonic() - begun) / 60 / minutes)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, step / 100) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        optimiser.zero_grad()
        for index, (rows, past, age) in batch.items():
            bits = model(rows, past, age, index).sum(1).mean()
            (bits / width[index] ** 0.5).backward()
            shares[index] = float(bits.detach()) / width[index]
        optimiser.step()
        since.append(list(shares.values()))
        if done * NOTES >= reported + 1:
            reported = int(done * NOTES)
            means = "  ".join(f"{index}: {mean:.2%}" for index, mean in zip(codes, np.mean(since, 0), strict=True))
            note(f"{done:.0%} of the time; of the fixed-length rate by preset {means}")
            since = []
        if done == 1:
            break
    return rounded(model.eval())


def _batches(
    codes: Mapping[int, Codes], books: Sequence[NDArray[np.int16]], layout: IntegerLayout, random: np.random.Generator
) -> Iterator[dict[int, tuple[Tensor, Tensor, Tensor]]]:
    """Yield codes, context and ages of `BATCH` steps by preset, without end, in random order."""
    parts = max(1, min(sum(map(len, one)) for one in codes.values()) // STEPS_AT_ONCE)
    while True:
        for chosen in np.array_split(random.permutation(len(codes[0])), parts):
            data = {index: _Steps.of([one[i] for i in chosen], books, layout) for index, one in codes.items()}
            past = {index: one.past(int(random.integers(layout.block_steps))) for index, one in data.items()}
            orders = {index: torch.from_numpy(random.permutation(len(one.codes))) for index, one in data.items()}
            for at in range(0, min(map(len, orders.values())) - BATCH + 1, BATCH):
                rows = {index: order[at : at + BATCH] for index, order in orders.items()}
                yield {i: (data[i].codes[row], past[i][0][row], past[i][1][row]) for i, row in rows.items()}


def rounded(model: ContextPredictor) -> dict[str, NDArray]:
    """Quantise the model: each matrix gets the largest shift with which its weights fit into eight bits."""
    tables: dict[str, NDArray] = {}
    fractional = model.layout.hidden_bits

    def put(name: str, weights: Tensor, most: int = 20) -> int:
        values = weights.detach().double().numpy()
        # A few in ten thousand weights may be clipped.
        widest = float(np.quantile(np.abs(values), 0.9998)) or 1.0
        bits = int(np.clip(math.floor(math.log2(MAX_INT8 / widest)), 0, most))
        whole = np.clip(np.rint(values * 2**bits), -MAX_INT8, MAX_INT8).astype(np.int8)
        tables[name] = np.ascontiguousarray(whole)  # safetensors stores memory in its order
        return bits

    # Sums come in units of 1 / UNIT; hidden values and states leave with IntegerLayout.hidden_bits fractional bits.
    past = put("past", model.past.weight.T)
    shift = past + int(math.log2(UNIT)) - fractional
    tables["age"] = _integers((model.past.bias + model.age) * 2 ** (past + math.log2(UNIT)), np.int32)
    drive = put("drive", model.drive)
    tables["start"] = _integers(model.start * 2**fractional, np.int16)
    entries = [one.detach() for one in model.entries]
    entry = put("entries", torch.cat(entries), fractional)
    shifts = [shift, drive, fractional - entry]
    stretch = 2**model.layout.logit_bits / math.log(2)
    for k, (view, bias) in enumerate(zip(model.views, model.bias, strict=True)):
        view_bits = put(f"views.{k}", (view * stretch).T)
        shifts.append(view_bits + fractional)
        tables[f"bias.{k}"] = _integers(bias * stretch, np.int16)
    tables["shifts"] = np.array(shifts, np.int8)
    return tables


def _integers(values: Tensor, kind: type) -> NDArray:
    return np.rint(values.detach().double().numpy()).astype(kind)
