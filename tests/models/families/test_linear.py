"""LinearFamily prediction as scipy and librosa have it, and the spread about it."""

import math
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import scipy
import torch
from helpers import tiny
from torch import Tensor

from sottovoce.models.families import linear, store
from sottovoce.models.families.classes import to_amplitudes, to_classes
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.linear import AdaptiveFir, Fir, LinearFamily, exponential_average
from sottovoce.models.families.logistic_mixture import FAR, UNIFORM, LogisticMixture
from sottovoce.models.training.run import train

TABLES: list[dict[str, Any]] = [
    {"kind": "fir", "order": 8, "components": 3},
    {"kind": "adaptive-fir", "order": 6, "window": 40, "taper_length": 5, "hop": 8},
]
REAL: list[dict[str, Any]] = [{"kind": "fir", "order": 16}, {"kind": "adaptive-fir"}]


def kind(table: dict[str, Any]) -> str:
    return table["kind"]


def resonance(length: int, seed: int = 0, scale: float = 0.01) -> Tensor:
    """Classes of noise through two poles."""
    noise = np.random.default_rng(seed).logistic(scale=scale, size=length)
    return to_classes(torch.from_numpy(scipy.signal.lfilter([1.0], [1, -1.2, 0.8], noise)))


def speech(seconds: float = 1.0, seed: int = 0) -> Tensor:
    return to_classes(torch.from_numpy(tiny.voice(seconds, seed=seed)))


def learned(table: dict[str, Any], *heard: Tensor) -> LinearFamily:
    model = make_family(table)
    assert isinstance(model, LinearFamily)
    model.fit(heard or [speech()])
    return model


def test_the_intervals_hold_what_the_logistic_has_between_them():
    spread = LogisticMixture(1, 0)
    with torch.no_grad():
        spread.scales.fill_(math.log(0.02))
        mean = torch.tensor([[0.0, 0.1, -0.9]]).double()
        p = spread.logits(mean, mean.new_zeros(1, 3, 0)).double().exp()[0]
    edges = spread.edges.double().numpy()
    assert edges[0] == -FAR and edges[-1] == FAR
    middle = to_amplitudes(torch.arange(256)).numpy()
    assert ((edges[:-1] < middle) & (middle < edges[1:])).all()
    inner = torch.from_numpy(edges[1:-1])
    assert torch.equal(to_classes(inner - 1e-6), torch.arange(255)) and torch.equal(
        to_classes(inner + 1e-6), 1 + torch.arange(255)
    )
    for row, m in zip(p, (0.0, 0.1, -0.9), strict=True):
        direct = np.diff(scipy.stats.logistic.cdf(edges, m, 0.02)) * (1 - UNIFORM) + UNIFORM / 256
        assert np.allclose(row, direct, rtol=1e-4, atol=1e-9)


def test_far_off_the_intervals_are_exact_and_no_sample_costs_more_than_20_bits():
    spread = LogisticMixture(2, 1)
    mean, clues = torch.zeros(256).double(), torch.full((256, 1), -11.0).double()
    with torch.no_grad():
        bits = -spread.log_prob(torch.arange(256), mean, clues) / math.log(2)
    assert bits.isfinite().all() and bits.max() <= 20.001
    assert (2.0**-bits).sum().item() == pytest.approx(1, abs=1e-9)


def test_one_scale_is_the_one_of_direct_maximum_likelihood():
    x = resonance(16_000)
    model = learned({"kind": "fir", "order": 4}, x)
    mean = model.predict(x[None])[0][0].numpy()[::8]
    edges, heard = model.spread.edges.double().numpy(), x.numpy()[::8]

    def nats(log_scale: float) -> float:
        low, high = (scipy.stats.logistic.cdf(edges[heard + i], mean, math.exp(log_scale)) for i in (0, 1))
        return -np.log((high - low) * (1 - UNIFORM) + UNIFORM / 256).mean()

    best = scipy.optimize.minimize_scalar(nats, (-6, -4), tol=1e-8).x
    assert model.spread.scales.item() == pytest.approx(best, abs=2e-3)
    assert math.exp(best) == pytest.approx(0.01, rel=0.05)


def test_the_predictor_is_that_of_the_normal_equations():
    heard = [speech(0.5, seed) for seed in range(3)]
    model = learned({"kind": "fir", "order": 12}, *heard)
    r = sum(np.correlate(w, w, "full")[len(w) - 1 :][:13] for w in (to_amplitudes(x).double().numpy() for x in heard))
    direct = scipy.linalg.solve_toeplitz(r[:12], r[1:])
    assert isinstance(model, Fir) and np.allclose(model.coefficients, direct, atol=2e-3)  # half precision


def test_the_predictor_of_a_long_stationary_sound_is_also_that_of_librosa():
    x = resonance(60_000)  # librosa has Burg's method: the two differ in how they treat the ends
    model = learned({"kind": "fir", "order": 4}, x)
    burg = librosa.lpc(to_amplitudes(x).double().numpy(), order=4)
    assert isinstance(model, Fir) and np.allclose(model.coefficients, -burg[1:], atol=3e-3)
    assert np.allclose(model.coefficients[:2], [1.2, -0.8], atol=0.03)


def test_each_frame_is_predicted_from_the_window_before_it():
    x = speech(0.1)
    model = AdaptiveFir("adaptive-fir", order=6, window=40, taper_length=5, hop=8)
    mean = model.predict(x[None])[0][0].numpy()
    wave, taper = to_amplitudes(x).double().numpy(), model.taper.double().numpy()
    assert taper.argmax() in (34, 35) and taper[-1] < 0.5
    for first in (48, 56, 800):
        past = wave[first - 40 : first] * taper
        r = np.array([past[lag:] @ past[: 40 - lag] for lag in range(7)])
        r[0] = r[0] * (1 + model.WHITE) + model.SILENT
        a = scipy.linalg.solve_toeplitz(r[:6], r[1:])
        direct = [a @ wave[t - 6 : t][::-1] for t in range(first, first + 8)]
        assert np.allclose(mean[first : first + 8], direct, atol=1e-9)


def test_averages_are_what_a_recursion_gives():
    x = torch.rand(2, 700, dtype=torch.float64)
    decay, average = math.exp(-1 / 5), torch.zeros(2, dtype=torch.float64)
    for t, value in enumerate(exponential_average(x, 5).T):
        assert torch.allclose(value, average, atol=1e-12)
        average = decay * average + (1 - decay) * x[:, t]


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_probabilities_sum_to_one(table: dict[str, Any]):
    model = learned(table)
    every = torch.arange(256)
    assert model.log_prob(every[:, None]).exp().sum().item() == pytest.approx(1, abs=1e-6)
    pairs = torch.cartesian_prod(every, every)
    total = sum(model.log_prob(part).exp().sum().item() for part in pairs.split(16_384))
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("table", TABLES, ids=kind)
@pytest.mark.parametrize("length", [1, 8, 131])
def test_steps_give_what_the_whole_gives(table: dict[str, Any], length: int):
    model = learned(table)
    x = torch.stack([speech(seed=seed)[1000:][:length] for seed in (1, 2)])
    logits, state, last = model(x), model.start(2), torch.full((2,), 128)
    for t in range(length):
        row, state = model.step(last, state)
        assert torch.allclose(row, logits[:, t], atol=1e-4)
        last = x[:, t]
    told = torch.gather(logits.double(), 2, x[..., None]).sum((1, 2))
    assert torch.allclose(model.log_prob(x), told, rtol=1e-5)


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_nothing_is_known_of_what_comes(table: dict[str, Any]):
    model, x = learned(table), speech(0.05)[None]
    other = x.clone()
    other[:, 300:] = 255 - other[:, 300:]
    before, after = model(x), model(other)
    assert torch.equal(before[:, :301], after[:, :301])
    assert not torch.allclose(before[:, 302:], after[:, 302:])


def test_long_recordings_are_done_in_parts(monkeypatch: pytest.MonkeyPatch):
    model, x = learned(TABLES[1]), speech(0.2)[None]
    whole = model.log_prob(x)
    monkeypatch.setattr(linear, "FRAMES_AT_ONCE", 7)
    assert torch.allclose(model.log_prob(x), whole)


@pytest.mark.parametrize("table", TABLES, ids=kind)
def test_samples_come_again_with_the_seed(table: dict[str, Any]):
    model = learned(table)
    draws = [model.sample(2, 60, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    prompt = speech()[None, :20]
    assert torch.equal(model.complete(prompt, 5, torch.Generator().manual_seed(0))[:, :20], prompt)


@pytest.mark.parametrize("table", REAL, ids=kind)
def test_trained_on_shards_and_stored(table: dict[str, Any], shards: Path, tmp_path: Path):
    figures = train(tiny.write_family(tmp_path, shards, table))
    path = tmp_path / "run" / "family.safetensors"
    x = speech(0.3)[None]
    family, about = store.load(path)
    store.save(family, about["family"], {}, tmp_path / "again.safetensors")
    assert figures["dev_bits_per_sample"] < 7.5
    assert path.stat().st_size < 2000
    assert torch.equal(family.log_prob(x), store.load(tmp_path / "again.safetensors")[0].log_prob(x))


def test_learning_lowers_the_bits_and_adapting_lowers_them_more():
    heard, other = speech(2.0, seed=1), speech(1.0, seed=2)[None]
    bits = {}
    for table in REAL:
        fresh = make_family(table)
        before = -fresh.log_prob(other).item() / other.shape[1] / math.log(2)
        bits[table["kind"]] = -learned(table, heard).log_prob(other).item() / other.shape[1] / math.log(2)
        assert bits[table["kind"]] < before
    assert bits["adaptive-fir"] < bits["fir"] - 0.5


def test_silence_costs_next_to_nothing_and_a_bang_in_it_not_the_world():
    model = learned({"kind": "adaptive-fir"}, speech())
    silence = torch.full((1, 1000), 128)
    bang = silence.clone()
    bang[0, 500] = 255
    bits = [-model.log_prob(x).item() / math.log(2) for x in (silence, bang)]
    assert bits[0] < 300 and bits[1] < bits[0] + 2500
