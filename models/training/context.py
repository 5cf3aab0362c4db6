"""Fits the context model of a release's codes (codec/bits/context/): in floats, then rounded to its integers."""

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
STEPS_AT_ONCE = 200_000  # of the recordings whose past is in memory
NOTES = 20  # times that progress is told
RATE = 6e-3
DECAY = 0.1
DROPPED = 0.1  # of the hidden units
UNIT = 512.0  # of sums, as the network sees them
LARGEST = 127


@dataclass(frozen=True)
class IntegerLayout:
    """How the integers of the context model are laid out: constants of codec/bits/context/units.py.

    Parameters
    ----------
    block_steps : int
        Steps after which everything is forgotten.
    ages : int
        How many ages are told apart.
    slow : tuple of int
        Averages, each by the bits of its forgetting.
    fine_bits, sum_bits, sum_limit, hidden_bits, logit_bits : int
        Fractional bits of averages; bits dropped from sums of vectors, and what these are clipped to; fractional bits
        of states and of logits.
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
    """A recording (n,) at the models' level, n >= 1 -> its codes [steps, books] by the index of each preset."""
    found = {}
    for preset in model.presets.values():
        encoder = model.encoder(preset.books, GROUP)
        found[preset.index] = np.concatenate((encoder.push(wave), encoder.finish()))
    return found


@dataclass(frozen=True)
class _Steps:
    """Recordings of one preset, one after the other."""

    codes: Tensor  # (steps, books)
    lengths: NDArray[np.int64]
    sums: NDArray[np.int64]  # (steps, size)
    rules: IntegerLayout

    @classmethod
    def of(cls, recordings: Codes, books: Sequence[NDArray[np.int16]], rules: IntegerLayout) -> _Steps:
        codes = np.concatenate(recordings).astype(np.int64)
        sums = sum(book.astype(np.int64)[codes[:, k]] for k, book in zip(range(codes.shape[1]), books, strict=False))
        small = np.clip(sums >> rules.sum_bits, -rules.sum_limit, rules.sum_limit)
        return cls(torch.from_numpy(codes), np.array([len(one) for one in recordings]), small, rules)

    def past(self, offset: int) -> tuple[Tensor, Tensor]:
        """What a block knows of its past, blocks being cut from `offset` on -> (steps, inputs) and ages (steps,)."""
        fine = self.rules.fine_bits
        starts = np.cumsum(self.lengths) - self.lengths
        within = np.arange(len(self.sums)) - np.repeat(starts, self.lengths)
        age = np.minimum((within + offset) % self.rules.block_steps, within)
        last = np.zeros((len(age), self.sums.shape[1]), np.int64)
        before, slow = np.zeros_like(last), [np.zeros_like(last) for _ in self.rules.slow]
        for n in range(1, int(age.max()) + 1):
            here = np.flatnonzero(age == n)
            last[here], before[here] = self.sums[here - 1], last[here - 1]
            for mean, shift in zip(slow, self.rules.slow, strict=True):
                mean[here] = mean[here - 1] + (((self.sums[here - 1] << fine) - mean[here - 1]) >> shift)
        inputs = np.concatenate((last, before, *(mean >> fine for mean in slow)), 1).astype(np.float32)
        return torch.from_numpy(inputs) / UNIT, torch.from_numpy(np.minimum(age, self.rules.ages - 1))


class ContextPredictor(nn.Module):
    """The context model in floats: see codec/bits/context/coder.py for what it computes.

    Parameters
    ----------
    books : sequence of arrays (entries, size)
    presets : int
        How many rates the release has.
    rules : IntegerLayout
    """

    def __init__(self, books: Sequence[NDArray[np.int16]], presets: int, rules: IntegerLayout):
        super().__init__()
        self.rules = rules
        vectors = [torch.from_numpy(book.astype(np.float32)) / 2**rules.sum_bits / UNIT for book in books]
        axes = torch.linalg.eigh(sum(one.T @ one for one in vectors))[1][:, -RANK:]
        count, inputs = len(books), books[0].shape[1] * (2 + len(rules.slow))
        self.past = nn.Linear(inputs, HIDDEN)
        self.age = nn.Parameter(torch.zeros(rules.ages, HIDDEN))
        self.entries = nn.ParameterList([nn.Parameter(one @ axes) for one in vectors])
        self.drive = nn.Parameter(torch.randn(count, HIDDEN, RANK) / HIDDEN**0.5)
        self.start = nn.Parameter(torch.zeros(presets, count, RANK))
        self.views = nn.ParameterList([nn.Parameter(torch.randn(len(one), RANK) * 0.04) for one in vectors])
        self.bias = nn.ParameterList([nn.Parameter(torch.zeros(len(one))) for one in vectors])

    def forward(self, codes: Tensor, past: Tensor, age: Tensor, preset: int) -> Tensor:
        """Codes (n, books) and their past -> bits (n, books)."""
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
    rules: IntegerLayout,
    *,
    minutes: float,
    seed: int = 0,
    note: Callable[[str], None] = print,
) -> dict[str, NDArray]:
    """Learn from the codes of recordings.

    Parameters
    ----------
    codes : dict of int to sequence of arrays (steps, books)
        By the index of the preset, 0 to the number of presets less one; the same recordings for all.
    books : sequence of int16 arrays (entries, size)
        The release's code books.
    rules : IntegerLayout
    minutes : float
        How long to learn.
    seed : int
        Of the random numbers.
    note : callable
        Told the progress.

    Returns
    -------
    dict of str to ndarray
        What `ContextModel` takes.

    Raises
    ------
    ValueError
        When a preset has fewer steps than a batch.
    """
    torch.manual_seed(seed)
    if short := [index for index, one in codes.items() if sum(map(len, one)) < BATCH]:
        raise ValueError(f"too little speech: fewer than {BATCH} steps of preset {short[0]}")
    model = ContextPredictor(books, len(codes), rules)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    width = {
        index: sum(len(book).bit_length() - 1 for book in books[: one[0].shape[1]]) for index, one in codes.items()
    }
    shares: dict[int, float] = {}
    since: list[list[float]] = []  # the last note: shares of each batch
    begun, told = time.monotonic(), 0
    for step, batch in enumerate(_batches(codes, books, rules, np.random.default_rng(seed)), 1):
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
        if done * NOTES >= told + 1:
            told = int(done * NOTES)
            means = "  ".join(f"{index}: {mean:.2%}" for index, mean in zip(codes, np.mean(since, 0), strict=True))
            note(f"{done:.0%} of the time; of the fixed-length rate by preset {means}")
            since = []
        if done == 1:
            break
    return rounded(model.eval())


def _batches(
    codes: Mapping[int, Codes], books: Sequence[NDArray[np.int16]], rules: IntegerLayout, random: np.random.Generator
) -> Iterator[dict[int, tuple[Tensor, Tensor, Tensor]]]:
    """Codes, past and ages of `BATCH` steps by preset, without end; recordings come in another order each time."""
    parts = max(1, min(sum(map(len, one)) for one in codes.values()) // STEPS_AT_ONCE)
    while True:
        for chosen in np.array_split(random.permutation(len(codes[0])), parts):
            data = {index: _Steps.of([one[i] for i in chosen], books, rules) for index, one in codes.items()}
            past = {index: one.past(int(random.integers(rules.block_steps))) for index, one in data.items()}
            orders = {index: torch.from_numpy(random.permutation(len(one.codes))) for index, one in data.items()}
            for at in range(0, min(map(len, orders.values())) - BATCH + 1, BATCH):
                rows = {index: order[at : at + BATCH] for index, order in orders.items()}
                yield {i: (data[i].codes[row], past[i][0][row], past[i][1][row]) for i, row in rows.items()}


def rounded(model: ContextPredictor) -> dict[str, NDArray]:
    """Return the model in integers, each matrix with the shift that its eight bits have room for."""
    tables: dict[str, NDArray] = {}
    fractional = model.rules.hidden_bits

    def put(name: str, weights: Tensor, most: int = 20) -> int:
        values = weights.detach().double().numpy()
        # Of the widest weights a few in ten thousand may be cut off.
        widest = float(np.quantile(np.abs(values), 0.9998)) or 1.0
        bits = int(np.clip(math.floor(math.log2(LARGEST / widest)), 0, most))
        whole = np.clip(np.rint(values * 2**bits), -LARGEST, LARGEST).astype(np.int8)
        tables[name] = np.ascontiguousarray(whole)  # safetensors saves memory as it lies
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
    stretch = 2**model.rules.logit_bits / math.log(2)
    for k, (view, bias) in enumerate(zip(model.views, model.bias, strict=True)):
        view_bits = put(f"views.{k}", (view * stretch).T)
        shifts.append(view_bits + fractional)
        tables[f"bias.{k}"] = _integers(bias * stretch, np.int16)
    tables["shifts"] = np.array(shifts, np.int8)
    return tables


def _integers(values: Tensor, kind: type) -> NDArray:
    return np.rint(values.detach().double().numpy()).astype(kind)
