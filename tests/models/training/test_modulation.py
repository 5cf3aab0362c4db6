"""The modulation loss says nearly what ESTOI says, and learns from it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from sottovoce.models.features import mel_matrix
from sottovoce.models.training import spectra
from sottovoce.models.training.modulation import correlation, third_octaves

SAMPLE = Path(__file__).parents[3] / "samples" / "slt-16k-mono.wav"


def speech() -> np.ndarray:
    wave, _ = soundfile.read(SAMPLE, dtype="float32")
    return wave[: len(wave) // 160 * 160]


def mel(wave: np.ndarray) -> torch.Tensor:
    return spectra.log_mel(spectra.frames(torch.from_numpy(wave)[None])).transpose(1, 2)


def noisy(wave: np.ndarray, decibels: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(wave)).astype(np.float32)
    return wave + noise * wave.std() * 10 ** (-decibels / 20)


def test_bands_share_out_all_that_lies_in_them():
    middle = np.ones(257) * (np.arange(257) * 31.25 > 200) * (np.arange(257) * 31.25 < 3000)
    bands = third_octaves() @ (mel_matrix() @ middle)
    inside = middle @ (mel_matrix().T.sum(1) > 0)
    assert abs(bands.sum() / inside - 1) < 0.1


def test_the_same_is_perfect_at_any_level():
    true = mel(speech())
    assert correlation(true, true).item() == pytest.approx(1, abs=1e-4)
    assert correlation(true - 1.5, true).item() > 0.99


@pytest.mark.parametrize("decibels", [20, 5, -5])
def test_agrees_with_estoi(decibels):
    estoi = pytest.importorskip("pystoi").stoi
    wave = speech()
    worse = noisy(wave, decibels)
    assert correlation(mel(worse), mel(wave)).item() == pytest.approx(estoi(wave, worse, 16000, True), abs=0.06)


def test_gradient_leads_to_the_truth():
    true = mel(speech())[:, :, 100:200]
    guess = true.mean(2, keepdim=True).expand_as(true).clone() + 0.1 * torch.randn_like(true)
    guess.requires_grad_()
    optimiser = torch.optim.Adam([guess], lr=0.1)
    before = correlation(guess, true).item()
    for _ in range(40):
        optimiser.zero_grad()
        (1 - correlation(guess, true)).backward()
        optimiser.step()
    assert correlation(guess, true).item() > before + 0.3


def test_short_and_silent_stretches():
    true = mel(speech())[:, :, 100:120]
    assert 0.99 < correlation(true, true).item() <= 1.0001
    silent = torch.full((1, 80, 60), -11.5)
    assert torch.isfinite(correlation(silent, silent))
