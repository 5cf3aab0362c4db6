import subprocess
import sys

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


def test_long_recordings_are_judged_in_pieces(talk, noisy):
    piece, rest = np.tile(talk, 20)[: 20 * 16000], talk
    worse, bad = piece + np.float32(0.01) * np.sign(piece), noisy
    whole = pesq(np.append(piece, rest), np.append(worse, bad), "wb")
    scores = package.pesq(16000, piece, worse, "wb"), package.pesq(16000, rest, bad, "wb")
    assert whole == pytest.approx(np.average(scores, weights=(len(piece), len(rest))))
    silence = np.zeros_like(piece)
    assert pesq(np.append(silence, rest), np.append(silence, bad), "wb") == pytest.approx(scores[1])
    assert pesq(np.append(silence, silence), np.append(silence, silence), "wb") is None


def test_many_utterances_break_nothing():
    code = """
import numpy as np
from sottovoce.codec.evaluation.perceptual import pesq
noise = np.random.default_rng(0).normal(0, 0.1, 60 * 16000).astype(np.float32)
bursts = noise * (np.arange(len(noise)) % 16000 < 6400)
print(pesq(bursts, bursts, "wb"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert float(done.stdout) == pytest.approx(4.64, abs=0.01)


def test_stoi_needs_speech(talk):
    for length in (1, 100, 6000):
        assert stoi(talk[8000 : 8000 + length], talk[8000 : 8000 + length], extended=True) is None
    assert stoi(np.zeros_like(talk), talk, extended=False) is None
