"""N-grams counted, pruned and backed off as by hand."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sottovoce.models.families import ngram, store
from sottovoce.models.families.ngram import NGram
from sottovoce.models.families.train import recordings
from sottovoce.models.training.run import train

ALL = {"min_count": 1, "min_context_count": 1}


def speech(length: int, seed: int = 0, values: int = 6) -> Tensor:
    """Classes about silence, with two silent ones in front as recordings have them; those there are follow each other
    far from evenly."""
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.full(values, 0.3), values * values)
    x = [128, 128]
    while len(x) < length:
        x.append(128 + int(random.choice(values, p=chances[(x[-2] * values + x[-1]) % (values * values)])))
    return torch.tensor(x)


def learned(context: int, x: Tensor, max_ngrams: int = 100_000, **settings: int) -> NGram:
    model = NGram("ngram", context=context, max_ngrams=max_ngrams, **(ALL | settings))
    model.fit([x])
    return model


def by_hand(x: list[int], context: int) -> Any:
    """p(class | past) by absolute discounting and Katz's back-off, with the rounding of what is stored."""
    past = [128] * context + x

    def p(history: tuple[int, ...] | None, symbol: int) -> float:
        if history is None:
            return 1 / 256
        seen = Counter(
            past[t] for t in range(context, len(past)) if tuple(past[t - len(history) : t]) == tuple(history)
        )
        shorter = history[1:] if history else None
        if not seen:
            return p(shorter, symbol)
        own = {k: 2 ** (-round(-6 * math.log2((n - 0.75) / seen.total())) / 6) for k, n in seen.items()}
        left = max(1 - sum(own.values()), 2.0**-12)
        if symbol in own:
            return own[symbol] * (1 - left) / sum(own.values())
        return left * p(shorter, symbol) / (1 - sum(p(shorter, k) for k in own))

    return p


def test_counts_are_those_of_counting_one_by_one():
    x = speech(300)
    found = ngram.count([x.numpy().astype(np.uint8)] * 2, 2, 1, 1)
    past = [128, 128, *x.tolist()]
    for order, counts in enumerate(found, 1):
        grams = Counter(tuple(past[t - order + 1 : t + 1]) for t in range(2, len(past)))
        behind = Counter(tuple(past[t - order + 1 : t]) for t in range(2, len(past)))
        keys = {sum(k << 8 * i for i, k in enumerate(reversed(gram))): gram for gram in grams}
        assert counts.keys.tolist() == sorted(keys)
        assert counts.times.tolist() == [2 * grams[keys[key]] for key in sorted(keys)]
        assert counts.context_times.tolist() == [2 * behind[keys[key][:-1]] for key in sorted(keys)]


def test_rare_ones_and_those_after_rare_contexts_are_not_thought_of():
    x = speech(2000).numpy().astype(np.uint8)
    every, some = ngram.count([x], 2, 1, 1)[2], ngram.count([x], 2, 10, 80)[2]
    often, behind_often = every.times >= 10, every.context_times >= 80
    assert (often & ~behind_often).any() and (behind_often & ~often).any()
    assert some.keys.tolist() == every.keys[often & behind_often].tolist()


@pytest.mark.parametrize("context", [0, 1, 2])
def test_probabilities_are_those_by_hand(context: int):
    x = speech(120)
    model, p = learned(context, x), by_hand(x.tolist(), context)
    other = torch.cat((speech(40, seed=1), torch.tensor([7, 250, 130, 131, 129])))
    logits = model(other[None])[0].double()
    past = [128] * context + other.tolist()
    for t in range(len(other)):
        history = tuple(past[t : t + context])
        for symbol in (other[t], 0, 128, 129, 130, 133):
            assert math.exp(logits[t, symbol]) == pytest.approx(p(history, int(symbol)), rel=1e-5)


def test_contexts_never_seen_are_those_one_shorter():
    x = speech(400)
    model, shorter = learned(3, x), learned(2, x)
    unseen = torch.tensor([[3, 128, 129, 0], [200, 128, 129, 0]])
    assert torch.allclose(model(unseen)[:, 3], shorter(unseen)[:, 3], atol=1e-6)
    nowhere = torch.tensor([[128, 128, 3, 0]])
    assert torch.allclose(model(nowhere)[:, 3], learned(0, x)(nowhere)[:, 3], atol=1e-6)


def test_probabilities_sum_to_one(tmp_path: Path):
    model = learned(2, speech(400), max_ngrams=60)
    table = {"kind": "ngram", "context": 2, "max_ngrams": 60, **ALL}
    store.save(model, table, {}, tmp_path / "family.safetensors")
    every = torch.arange(256)
    pairs = torch.cartesian_prod(every, every)
    for family in (model, store.load(tmp_path / "family.safetensors")[0]):
        assert family.log_prob(every[:, None]).exp().sum().item() == pytest.approx(1, abs=1e-6)
        assert family.log_prob(pairs).exp().sum().item() == pytest.approx(1, abs=1e-6)
    after_each = model(torch.tensor([[*k, 0] for k in pairs[:2000].tolist() + pairs[32000:34000].tolist()]))[:, 2]
    assert torch.allclose(after_each.logsumexp(-1), torch.zeros(4000), atol=1e-5)


def test_a_context_after_which_all_was_seen_leaves_nothing_over():
    x = torch.arange(256).repeat_interleave(torch.tensor([1, 3]).repeat(128))
    model = learned(0, x)
    p = model(x[None, :1]).exp()[0, 0]
    assert p.sum().item() == pytest.approx(1, abs=1e-6)
    assert (p[1] / p[0]).item() == pytest.approx(2.25 / 0.25, rel=0.1)


@pytest.mark.parametrize("max_ngrams", [5, 40])
def test_the_most_that_are_kept_are_those_that_are_worth_most(max_ngrams: int):
    x = speech(2000)
    whole, model = learned(2, x), learned(2, x, max_ngrams=max_ngrams)
    assert sum(len(table.keys) - 1 for table in model.tables) == max_ngrams
    fewer = learned(2, x, max_ngrams=max_ngrams - 4)
    assert whole.log_prob(x[None]) > model.log_prob(x[None]) > fewer.log_prob(x[None])
    assert set(fewer.tables[0].keys.tolist()) <= set(model.tables[0].keys.tolist())


@given(st.lists(st.tuples(st.integers(0, 2**40 - 1), st.integers(0, 255)), max_size=30, unique_by=lambda pair: pair[0]))
@settings(max_examples=50, deadline=None)
def test_what_was_packed_is_unpacked(pairs: list[tuple[int, int]]):
    ngrams = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    fifth = (ngrams[:, 0], ngrams[:, 1].astype(np.uint8))
    empty = (np.zeros(0, np.int64), np.zeros(0, np.uint8))
    orders = ngram.unpack(ngram.pack([empty] * 4 + [fifth]))
    assert len(orders) == 5 and not any(len(keys) for keys, _ in orders[:4])
    assert orders[4][0].tolist() == fifth[0].tolist() and orders[4][1].tolist() == fifth[1].tolist()


@pytest.mark.parametrize("context", [0, 1, 3])
def test_steps_give_what_the_whole_gives(context: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ngram, "BLOCK", 7)
    model = learned(context, speech(500))
    x = torch.stack([speech(30, seed) for seed in (1, 2, 3)])
    logits, state, last = model(x), model.start(3), torch.full((3,), 128)
    for t in range(30):
        row, state = model.step(last, state)
        assert torch.allclose(row, logits[:, t], atol=1e-6)
        last = x[:, t]
    told = torch.gather(logits.log_softmax(-1), 2, x[..., None]).sum((1, 2))
    assert torch.allclose(model.log_prob(x).float(), told, atol=1e-4)


def test_samples_are_like_what_was_learned_and_come_again_with_the_seed():
    model = learned(2, speech(3000))
    draws = [model.sample(3, 300, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    assert ((draws[0] >= 128) & (draws[0] < 134)).float().mean() > 0.9
    prompt = speech(10)[None]
    assert torch.equal(model.complete(prompt, 5, torch.Generator().manual_seed(0))[:, :10], prompt)


def test_without_learning_all_is_alike():
    x = speech(20)[None]
    assert NGram("ngram").log_prob(x).item() == pytest.approx(-20 * math.log(256))


@pytest.mark.parametrize("context", [0, 1])
def test_trained_on_shards_and_stored(context: int, shards: Path, tmp_path: Path):
    family = {"kind": "ngram", "context": context, "max_ngrams": 20_000, "min_count": 2, "min_context_count": 5}
    bits = train(tiny.write_family(tmp_path, shards, family))["dev_bits_per_sample"]
    model, about = store.load(tmp_path / "run" / "family.safetensors")
    x = list(recordings({"shards": shards}, "dev"))
    again = sum(float(model.log_prob(one[None])) for one in x) / -math.log(2) / sum(map(len, x))
    assert again == pytest.approx(bits, rel=1e-5) and about["dev_bits_per_sample"] == bits
    assert bits < (7.5 if context == 0 else 5.5)
