"""Features against librosa and torchaudio, and against their torch twins."""

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from helpers import tiny
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.models import features
from sottovoce.models.training import spectra

WAVE = tiny.voice(1.0)
FRAMED = features.frames(WAVE)


def librosa_mel(wave: np.ndarray) -> np.ndarray:
    """Log-mel of librosa with our parameters and framing: a frame's 512 points are centred on 160 i + 80."""
    count = -(-len(wave) // 160)
    padded = np.pad(wave, (256 - 80, count * 160 - len(wave) + 512))
    power = librosa.feature.melspectrogram(
        y=padded, sr=16000, n_fft=512, hop_length=160, win_length=400, window="hann", center=False, power=2.0,
        n_mels=80, fmin=40.0, fmax=8000.0, htk=False, norm=None,
    )  # fmt: skip
    return np.log(power.T[:count] + 1e-5)


def test_mu_law_is_librosas():
    x = np.concatenate((np.linspace(-1, 1, 4001), [-3.0, 2.0]))
    ours = features.mu_law_encode(x)
    theirs = librosa.mu_compress(np.clip(x, -1, 1), mu=255, quantize=False)
    assert np.abs(2 * ours / 255 - 1 - theirs).max() <= 1 / 255 + 1e-9
    assert ours.min() == 0 and ours.max() == 255
    levels = np.arange(256)
    assert np.allclose(features.mu_law_decode(levels), librosa.mu_expand(2 * levels / 255 - 1, quantize=False))
    assert (features.mu_law_encode(features.mu_law_decode(levels)) == levels).all()


@given(st.floats(-1, 1))
def test_mu_law_error_is_within_its_step(x: float):
    y = float(features.mu_law_decode(features.mu_law_encode(x)))
    assert abs(y - x) <= (abs(x) + 1 / 255) * np.log(256) / 255 * 1.03


def test_mel_matrix_is_librosas():
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=80, fmin=40.0, fmax=8000.0, htk=False, norm=None)
    assert np.allclose(features.mel_matrix(), theirs, atol=1e-5)


@pytest.mark.parametrize("length", [16000, 15999, 15841, 161, 160, 1])
def test_log_mel_is_librosas(length: int):
    ours = features.log_mel(features.frames(WAVE[:length]))
    assert ours.shape == (-(-length // 160), 80)
    assert np.allclose(ours, librosa_mel(WAVE[:length]), atol=2e-3)


def test_an_impulse_lies_in_the_middle_of_its_frame():
    wave = np.zeros(1600, np.float32)
    wave[160 * 4 + 80] = 1.0
    power = features.log_mel(features.frames(wave)).mean(1)
    assert power.argmax() == 4
    assert power[3] == pytest.approx(power[5], abs=1e-3)


def test_delta_is_librosas():
    x = np.random.default_rng(0).standard_normal((50, 13)).astype(np.float32)
    assert np.allclose(features.delta(x), librosa.feature.delta(x.T, width=9, mode="nearest").T, atol=1e-5)


def test_mfcc_is_librosas():
    static = librosa.feature.mfcc(S=librosa_mel(WAVE).T, n_mfcc=13, dct_type=2, norm="ortho")
    first = librosa.feature.delta(static, width=9, mode="nearest")
    second = librosa.feature.delta(first, width=9, mode="nearest")
    assert np.allclose(features.mfcc(FRAMED), np.concatenate((static, first, second)).T, atol=1e-2)


def test_torchaudio_agrees():
    audio = pytest.importorskip("torchaudio")
    bank = audio.functional.melscale_fbanks(257, 40.0, 8000.0, 80, 16000, norm=None, mel_scale="slaney")
    assert np.allclose(features.mel_matrix(), bank.numpy().T, atol=1e-4)
    x = torch.linspace(-1, 1, 2001)
    difference = audio.functional.mu_law_encoding(x, 256).numpy() - features.mu_law_encode(x.numpy())
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.01
    dct = audio.functional.create_dct(13, 80, "ortho")
    assert np.allclose(features.dct_matrix(), dct.numpy(), atol=1e-5)
    mel = torch.from_numpy(features.log_mel(FRAMED)).T
    assert np.allclose(audio.functional.compute_deltas(mel, 9).numpy().T, features.delta(mel.T.numpy()), atol=1e-4)


@pytest.mark.parametrize("pitch", [80, 120, 200, 330])
def test_correlogram_peaks_at_the_period(pitch: float):
    pulses = np.diff(np.floor(np.arange(8000) * pitch / 16000), prepend=0.0)
    wave = scipy.signal.lfilter([1], [1, -1.6, 0.8], pulses)
    rows = features.correlogram(features.frames(wave.astype(np.float32)))[10:40]
    lags = np.geomspace(600, 60, features.LAGS)
    assert np.abs(rows).max() <= 1 + 1e-5
    # the grid of lags is 3.7 % wide; twice the period is as good a period
    best = lags[rows.argmax(1)]
    octave = np.log2(pitch / best)
    assert (np.abs(octave - np.round(octave)) < 0.06).all() and (np.round(octave) >= 0).all()
    at = np.abs(np.log2(lags / pitch)).argmin()
    assert (rows[:, at - 1 : at + 2].max(1) > 0.5 * rows.max(1)).all()


@pytest.mark.parametrize("kind", features.INPUTS)
def test_torch_twins(kind: str):
    make, width = features.INPUTS[kind]
    ours = make(FRAMED)
    twin = spectra.encoder_input(kind, spectra.frames(torch.from_numpy(WAVE)[None]))[0].T.numpy()
    assert ours.shape == (100, width) and ours.dtype == np.float32
    assert np.allclose(ours, twin, atol=2e-3)


def test_silence_and_full_scale_are_finite():
    for wave in (np.zeros(800, np.float32), np.ones(800, np.float32), np.full(800, -1, np.float32)):
        for make, _ in features.INPUTS.values():
            assert np.isfinite(make(features.frames(wave))).all()
