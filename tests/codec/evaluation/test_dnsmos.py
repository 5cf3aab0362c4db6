import numpy as np
import pytest

from sottovoce.codec.evaluation.dnsmos import opinion

pytest.importorskip("onnxruntime")
speechmos = pytest.importorskip("speechmos.dnsmos")


@pytest.mark.parametrize("seconds", [1.2, 3.5, 10.2, 14.5])
def test_as_its_package_says(talk, seconds):
    wave = np.resize(talk, int(seconds * 16000))
    expected = speechmos.run(wave, 16000)
    found = opinion(wave)
    assert found.overall == pytest.approx(expected["ovrl_mos"], abs=1e-4)
    assert found.signal == pytest.approx(expected["sig_mos"], abs=1e-4)


def test_noise_is_worse(talk):
    noisy = talk + np.random.default_rng(0).normal(0, 0.02, len(talk)).astype(np.float32)
    assert opinion(noisy).overall < opinion(talk).overall - 0.5
