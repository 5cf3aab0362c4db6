"""Teacher forcing: excitation and wave stand for each other, and only the past is noisy."""

import math

import numpy as np
import pytest
import torch
from helpers import tiny

from sottovoce.models.features import frames, log_mel
from sottovoce.models.lpc import pre_emphasise, predictor
from sottovoce.models.wavenet.excitation import NO_PITCH, RANGE, compress, expand, teacher_forcing

TIME = 3200
FRAMES = TIME // 160
HALF_STEP = 1.02 * math.log(256) / 255  # of mu-law, relative; a step's upper half is the wider one


def speech(order: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pre-emphasised wave (2, T), its predictors and gains."""
    wave = torch.from_numpy(np.stack([tiny.voice(0.2, 110, 1), tiny.voice(0.2, 180, 2)]))
    mel = torch.from_numpy(np.stack([log_mel(frames(w.numpy())) for w in wave]))
    return pre_emphasise(wave), *predictor(mel, 1.0, order)


def pitch(period: int = 90) -> tuple[torch.Tensor, torch.Tensor]:
    voiced = torch.ones(2, FRAMES, dtype=torch.bool)
    voiced[:, :5] = False
    return torch.full((2, FRAMES), period), voiced


def test_companding():
    index = torch.arange(256)
    assert torch.equal(compress(expand(index)), index)
    v = torch.linspace(-9, 9, 4001)
    error = (expand(compress(v)) - v.clamp(-RANGE, RANGE)).abs()
    assert (error <= HALF_STEP * (v.abs() + RANGE / 255)).all()


def test_the_wave_comes_back_from_its_excitation():
    s, lpc, gain = speech()
    period, voiced = pitch()
    indices, target = teacher_forcing(s, lpc, gain, period, voiced, torch.zeros_like(s))
    e, g = expand(target).double(), gain.repeat_interleave(160, 1).double()
    a = lpc.repeat_interleave(160, 1).double()
    heard = torch.nn.functional.pad(s.double(), (16, 0))
    predicted = torch.stack([(a[:, t] * heard[:, t : t + 16].flip(-1)).sum(-1) for t in range(TIME)], 1)
    inside = (s - predicted).abs() < 0.99 * RANGE * g
    error = (predicted + g * e - s).abs()
    assert inside.float().mean() > 0.98
    assert (error <= HALF_STEP * ((s - predicted).abs() + g * RANGE / 255) + 1e-7)[inside].all()
    assert torch.equal(compress((predicted / g).float()), indices[..., 2])
    # a whisper at most: the predictor took the level away
    assert 0.2 < expand(target).square().mean().sqrt() < 3


def test_indices_are_the_past():
    s, lpc, gain = speech()
    period, voiced = pitch()
    indices, target = teacher_forcing(s, lpc, gain, period, voiced, torch.zeros_like(s))
    g = gain.repeat_interleave(160, 1)
    assert torch.equal(indices[:, 1:, 0], compress(s[:, :-1] / g[:, 1:]))
    assert torch.equal(indices[:, 1:, 1], target[:, :-1])
    assert (indices[:, 0, :2] == compress(torch.zeros(1))).all()


@pytest.mark.parametrize("period", [3, 90, 500])
def test_taps_lie_one_period_back(period: int):
    s, lpc, gain = speech()
    lengths, voiced = pitch(period)
    lengths[:, 10:] = max(3, period - 2)
    indices, target = teacher_forcing(s, lpc, gain, lengths, voiced, torch.zeros_like(s))
    silence = compress(torch.zeros(1)).item()
    for t in (0, 799, 800, 801, 1599, 1600, 3199):
        taps = indices[:, t, 3:]
        if t < 800:
            assert (taps == NO_PITCH).all()
            continue
        back = int(lengths[0, t // 160])
        for j in range(3):
            at = t - back + j - 1
            assert torch.equal(taps[:, j], target[:, at] if at >= 0 else torch.full((2,), silence))


def test_noise_reaches_only_the_past():
    s, lpc, gain = speech()
    period, voiced = pitch()
    noise = torch.zeros_like(s)
    noise[:, 1000] = 3.0
    clean_indices, clean = teacher_forcing(s, lpc, gain, period, voiced, torch.zeros_like(s))
    indices, target = teacher_forcing(s, lpc, gain, period, voiced, noise)
    # what is to be said at 1000 stays; from 1001 on it corrects for what was heard, as long as the predictor's memory
    assert torch.equal(target[:, :1001], clean[:, :1001])
    assert torch.equal(indices[:, :1001], clean_indices[:, :1001])
    assert (target[:, 1001:1017] != clean[:, 1001:1017]).any()
    assert torch.equal(target[:, 1017:], clean[:, 1017:])
    assert (indices[:, 1001, 0] != clean_indices[:, 1001, 0]).any()
    assert (indices[:, 1001, 1] != clean_indices[:, 1001, 1]).any()


def test_without_prediction_it_is_mu_law():
    s, _, _ = speech()
    lpc, gain = torch.zeros(2, FRAMES, 0), torch.full((2, FRAMES), 1 / RANGE)
    period, _ = pitch()
    silent = torch.zeros(2, FRAMES, dtype=torch.bool)
    indices, target = teacher_forcing(s, lpc, gain, period, silent, torch.zeros_like(s))
    assert torch.equal(target, compress(s * RANGE))
    assert torch.equal(indices[:, 1:, 0], target[:, :-1]) and torch.equal(indices[:, 1:, 1], target[:, :-1])
    assert (indices[..., 3:] == NO_PITCH).all()
