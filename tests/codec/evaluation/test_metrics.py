import sys

import numpy as np
import pytest
from helpers.packages import need

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import metrics
from sottovoce.codec.evaluation.alignment import align, delay
from sottovoce.codec.evaluation.waves import rounded

need(*metrics.PACKAGES.values())

PERFECT = {
    "pesq_wb": 4.64,
    "pesq_nb": 4.55,
    "stoi": 1,
    "estoi": 1,
    "mcd": 0,
    "lsd": 0,
    "lsd_high": 0,
    "level": 0,
    "clipping": 0,
    "f0": 0,
    "voicing": 0,
    "speaker": 1,
}


@pytest.fixture(scope="module")
def reference(talk):
    return metrics.Reference(talk)


@pytest.fixture(scope="module")
def identity(reference):
    return metrics.measure(reference, reference.wave)


def test_the_same_is_perfect(identity):
    assert list(identity) == list(metrics.METRICS)
    assert {key: identity[key] for key in PERFECT} == pytest.approx(PERFECT, abs=0.005)
    assert identity["mcd"] == identity["lsd"] == identity["f0"] == identity["voicing"] == 0
    assert identity["per"] is None  # nobody told what is said
    assert 1 < identity["dnsmos"] < identity["dnsmos_sig"] < 5


@pytest.mark.parametrize("lag", [-60, 123])
def test_delay_and_gain_change_nothing(talk, lag):
    quiet = rounded(talk / 2)
    reference = metrics.Reference(quiet)
    identity = metrics.measure(reference, quiet)
    late = rounded(2 * (np.pad(quiet, (lag, 0)) if lag > 0 else quiet[-lag:]))  # rounds nothing
    figures = metrics.measure(reference, rounded(align(late, delay([(quiet, late)]), quiet)))
    for key, metric in metrics.METRICS.items():
        if identity[key] is not None:
            assert figures[key] == pytest.approx(identity[key], abs=10**-metric.digits), key


def test_noise_is_worse_by_all(reference, identity):
    noisy = rounded(reference.wave + np.random.default_rng(0).normal(0, 0.02, len(reference.wave)).astype(np.float32))
    figures = metrics.measure(reference, noisy)
    for key, metric in metrics.METRICS.items():
        if identity[key] is not None and key != "dnsmos_sig":  # which is about the speech, not about noise
            assert (figures[key] < identity[key]) == metric.more, key


def test_silence_is_measured_as_far_as_it_can_be(reference):
    silence = np.zeros_like(reference.wave)
    figures = metrics.measure(reference, silence)
    assert figures["pesq_wb"] is figures["f0"] is figures["speaker"] is None
    assert figures["voicing"] > 20
    assert figures["mcd"] > 5
    assert metrics.measure(metrics.Reference(silence), silence)["mcd"] is None


def test_phone_errors_where_phones_are_known(talk, monkeypatch):
    told = []
    monkeypatch.setattr(metrics.phones, "available", lambda: True)
    monkeypatch.setattr(metrics.phones, "error_rate", lambda wave, phones: told.append(phones) or 12.3456789)
    assert metrics.measure(metrics.Reference(talk, ("HH", "AH")), talk)["per"] == 12.34568
    assert told == [("HH", "AH")]


def test_versions_tell_what_is_missing(monkeypatch):
    assert metrics.versions()["pesq"]
    monkeypatch.setitem(sys.modules, "pystoi", None)
    with pytest.raises(SottoError, match=r"^evaluation needs pystoi; pip install 'sottovoce\[eval\]'$"):
        metrics.versions()


@pytest.mark.parametrize("samples", [1, 100])
def test_very_short_recordings(talk, samples):
    short = talk[8000 : 8000 + samples]
    figures = metrics.measure(metrics.Reference(short), short)
    assert list(figures) == list(metrics.METRICS)
    assert all(value is None or np.isfinite(value) for value in figures.values())
    assert figures["stoi"] is figures["voicing"] is None


def test_of_silence_little_is_known(talk, monkeypatch):
    monkeypatch.setattr(metrics.phones, "available", lambda: True)
    figures = metrics.measure(metrics.Reference(np.zeros_like(talk), ("HH",)), talk)
    assert [key for key, value in figures.items() if value is not None] == ["clipping", "dnsmos", "dnsmos_sig"]


def test_what_is_no_number_is_not_known(reference, monkeypatch):
    monkeypatch.setattr(metrics.pitch, "voicing", lambda *tracks: float("nan"))
    monkeypatch.setattr(metrics.pitch, "semitones", lambda *tracks: float("inf"))
    figures = metrics.measure(reference, reference.wave)
    assert figures["voicing"] is figures["f0"] is None
