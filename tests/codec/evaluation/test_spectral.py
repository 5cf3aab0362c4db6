import numpy as np
import pytest
from scipy.fft import dct
from scipy.signal import get_window

from sottovoce.codec.evaluation.spectral import distances, listen
from sottovoce.codec.evaluation.waves import rounded

librosa = pytest.importorskip("librosa")


def by_definition(reference, decoded):
    """The distances by other packages: librosa's filters, scipy's transform, all frames in a loop."""
    window, half = get_window("hann", 512), 256
    filters = librosa.filters.mel(sr=16000, n_fft=512, n_mels=80, fmin=40, fmax=8000, norm=None)
    count = -(-len(reference) // 160)

    def powers(wave):
        padded = np.pad(wave.astype(float), (half - 80, half + 160))
        return np.array([np.abs(np.fft.rfft(padded[160 * i : 160 * i + 512] * window)) ** 2 for i in range(count)])

    x, y = powers(reference), powers(decoded)
    speech = x.sum(1) > x.sum(1).max() * 1e-4
    floor = x.max() * 1e-7

    def cepstrum(power):
        amplitude = np.log(np.maximum(filters @ power, floor)) / 2
        return dct(amplitude, type=2)[1:14] / 80  # scipy's has the factor 2

    mcd, lsd, high = [], [], []
    for a, b in zip(x[speech], y[speech], strict=True):
        mcd.append(10 / np.log(10) * np.sqrt(2 * np.sum((cepstrum(a) - cepstrum(b)) ** 2)))
        squared = (10 * np.log10(np.maximum(a, floor) / np.maximum(b, floor))) ** 2
        lsd.append(np.sqrt(np.mean(squared)))
        high.append(np.sqrt(np.mean(squared[np.fft.rfftfreq(512, 1 / 16000) > 4000])))
    return np.mean(mcd), np.mean(lsd), np.mean(high)


def test_the_same_is_at_no_distance(talk):
    assert distances(listen(talk), talk) == (0, 0, 0)


def test_by_definition(talk):
    noisy = rounded(talk + np.random.default_rng(0).normal(0, 0.01, len(talk)).astype(np.float32))
    np.testing.assert_allclose(distances(listen(talk), noisy), by_definition(talk, noisy), rtol=1e-4)


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)


def test_a_gain_is_distance_of_spectra_only(noise):
    mcd, lsd, high = distances(listen(noise), noise / 2)
    assert mcd == pytest.approx(0, abs=1e-5)
    assert lsd == pytest.approx(20 * np.log10(2), abs=1e-4)
    assert high == pytest.approx(20 * np.log10(2), abs=1e-4)


def test_cepstra_are_told_in_decibels_of_the_spectrum(noise):
    # A filter whose log spectrum is one period of a cosine on the mel scale is a cepstrum with one coefficient,
    # and root mean square of the former is the distance.
    mel = librosa.hz_to_mel(np.linspace(0, 8000, 16001))
    low, high = librosa.hz_to_mel(40), librosa.hz_to_mel(8000)
    decibels = 6 * np.cos(2 * np.pi * (mel - low) / (high - low))
    filtered = np.fft.irfft(np.fft.rfft(noise) * 10 ** (decibels / 20)).astype(np.float32)
    mcd, _, _ = distances(listen(noise), filtered)
    assert mcd == pytest.approx(6 / np.sqrt(2), abs=0.3)


def test_level_of_the_recording_changes_nothing(talk):
    noisy = talk + np.random.default_rng(0).normal(0, 0.003, len(talk)).astype(np.float32)
    np.testing.assert_allclose(
        distances(listen(talk), noisy), distances(listen(talk / 8), (noisy / 8).astype(np.float32)), rtol=1e-3
    )


def test_silence_has_no_spectrum():
    assert listen(np.zeros(16000, np.float32)) is None
    assert np.isfinite(distances(listen(np.eye(1, 1600, 300, dtype=np.float32)[0]), np.zeros(1600, np.float32))).all()


def test_a_low_pass_at_4_khz_is_a_distance_of_the_high_band(noise):
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(len(noise), 1 / 16000) > 4000] *= 0.1
    _, lsd, high = distances(listen(noise), np.fft.irfft(spectrum).astype(np.float32))
    assert high == pytest.approx(20, abs=0.5)
    assert lsd == pytest.approx(20 / np.sqrt(2), abs=0.5)
