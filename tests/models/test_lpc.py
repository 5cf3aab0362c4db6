"""Linear prediction: Schur against scipy, stability, and a gain that makes the excitation's variance one."""

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import torch

from sottovoce.models.features import frames, log_mel
from sottovoce.models.lpc import pre_emphasise, predictor, schur
from sottovoce.models.runtime.predictor import LinearPredictor, make_tables
from sottovoce.models.runtime.predictor import schur as exact_schur

T = np.arange(16000) / 16000
RANDOM = np.random.default_rng(0)
# two resonances, as a vowel has
AR = np.real(np.poly([0.95 * np.exp(1j * a) for a in (0.3, -0.3)] + [0.9 * np.exp(1j * a) for a in (0.9, -0.9)]))
SOUNDS = {
    "noise": 0.05 * RANDOM.standard_normal(16000),
    "vowel": 0.01 * scipy.signal.lfilter([1], AR, RANDOM.standard_normal(16000)),
    "hum": 0.1 * np.sin(2 * np.pi * 50 * T),
    "low tone": 0.3 * np.sin(2 * np.pi * 200 * T),
    "high tone": 0.3 * np.sin(2 * np.pi * 3000 * T),
    "silence": np.zeros(16000),
}


def mel_of(wave: np.ndarray) -> np.ndarray:
    return log_mel(frames(wave.astype(np.float32)))[20:30]


def largest_root(a: np.ndarray) -> float:
    return float(np.abs(np.roots(np.r_[1, -a.astype(np.float64)])).max())


def test_schur_solves_the_normal_equations():
    x = RANDOM.standard_normal((5, 400)) @ np.tri(400, 400, 3)
    r = np.stack([[row[: 400 - k] @ row[k:] for k in range(17)] for row in x])
    a, error = schur(torch.from_numpy(r))
    for row, found, left in zip(r, a.numpy(), error.numpy(), strict=True):
        expected = scipy.linalg.solve_toeplitz(row[:-1], row[1:])
        assert np.allclose(found, expected, atol=1e-8)
        assert left == pytest.approx(row[0] - expected @ row[1:], rel=1e-6)
    exact = exact_schur(r)
    assert np.allclose(exact[0], a, rtol=0, atol=1e-12) and np.allclose(exact[1], error)


@pytest.mark.parametrize("name", SOUNDS)
def test_filters_are_stable(name: str):
    mel = mel_of(SOUNDS[name])
    a, gain = predictor(torch.from_numpy(mel))
    assert torch.isfinite(a).all() and (gain > 0).all()
    assert max(largest_root(row) for row in a.numpy()) < 0.9999


@pytest.mark.parametrize("name", SOUNDS)
def test_exact_predictor_is_the_torch_one(name: str):
    """Compared by what it predicts from: the spectrum that its filter stands for."""
    mel = mel_of(SOUNDS[name])
    a, gain = predictor(torch.from_numpy(mel), 1.3)
    exact = LinearPredictor(make_tables(16, 1.3, 150.0, (27, 400)))
    q, g = exact(exact.power(np.floor(mel.astype(np.float64) * 2**14 + 0.5)))
    assert q.dtype == np.int16 and g.dtype == np.int32
    for found, expected, level, true in zip(q / 4096, a.numpy(), g / 2**19, gain.numpy(), strict=True):
        assert largest_root(found) < 1
        _, h = scipy.signal.freqz(level, np.r_[1, -found], 64)
        _, k = scipy.signal.freqz(true, np.r_[1, -expected], 64)
        assert np.abs(20 * np.log10(np.abs(h / k))).max() < (6 if "tone" in name or name == "hum" else 0.5)
        assert np.abs(20 * np.log10(np.abs(h / k))).mean() < 1.0


@pytest.mark.parametrize(
    ("poles", "loss"),
    [((), 1.0), (((0.8, 0.5), (0.8, 1.5)), 1.0), (((0.95, 0.3), (0.9, 0.9)), 1.36)],
    ids=["white", "mild", "sharp"],
)
def test_gain_makes_the_excitation_unit(poles: tuple, loss: float):
    """The wave is such that its pre-emphasised form is autoregressive with a known excitation.

    Mel bands smear sharp resonances: the predictor gains less from them than it could.
    """
    ar = np.real(np.poly([r * np.exp(sign * 1j * angle) for r, angle in poles for sign in (1, -1)])) * np.ones(1)
    drive = 0.01 * RANDOM.standard_normal(48000)
    s = scipy.signal.lfilter([1], ar, drive)
    wave = scipy.signal.lfilter([1], [1, -0.85], s)
    a, gain = predictor(torch.from_numpy(log_mel(frames(wave.astype(np.float32)))[10:-10]))
    assert gain.square().mean().sqrt().item() == pytest.approx(0.01 * loss, rel=0.05)
    if loss < 1.1:
        assert np.allclose(a.mean(0)[: len(ar) - 1].numpy(), -ar[1:], atol=0.15)


def test_pre_emphasis():
    x = torch.from_numpy(RANDOM.standard_normal((2, 100)))
    assert np.allclose(pre_emphasise(x), scipy.signal.lfilter([1, -0.85], [1], x.numpy()))


def test_pitch_becomes_a_period():
    exact = LinearPredictor(make_tables(16, 1.0, 150.0, (27, 400)))
    octaves = np.array([-9, -1.2, -0.3, 0, 0.5, 1.9, 9])
    expected = np.clip(np.round(16000 / (150 * 2**octaves)), 27, 400)
    assert (np.abs(exact.period(octaves * 2**14) - expected) <= np.maximum(1, expected * 0.004)).all()
