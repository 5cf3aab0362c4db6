import numpy as np
import pytest

from sottovoce.codec.evaluation.perceptual import pesq, stoi

package = pytest.importorskip("pesq")
pystoi = pytest.importorskip("pystoi")


@pytest.fixture
def noisy(talk):
    return talk + np.random.default_rng(0).normal(0, 0.02, len(talk)).astype(np.float32)


def test_as_their_packages_say(talk, noisy):
    for band in ("wb", "nb"):
        assert pesq(talk, noisy, band) == package.pesq(16000, talk, noisy, band)
    for extended in (True, False):
        assert stoi(talk, noisy, extended=extended) == pystoi.stoi(talk, noisy, 16000, extended=extended)


def test_silence_and_too_little(talk):
    nothing = np.zeros_like(talk)
    assert pesq(nothing, talk, "wb") is None
    assert pesq(talk[:1000], talk[:1000], "nb") is None
    assert stoi(talk[8000:12000], talk[8000:12000], extended=False) is None
