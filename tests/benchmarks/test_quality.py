import csv
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import metrics
import peers
import quality

for package in ("librosa", "pesq", "pystoi", "pyworld", "resemblyzer"):
    pytest.importorskip(package)

SAMPLE = Path(__file__).parents[2] / "samples" / "slt-16k-mono.wav"


@pytest.fixture(scope="module")
def wave():
    return quality.read(SAMPLE)


@pytest.fixture(scope="module")
def reference(wave):
    return metrics.refer(wave)


def check_perfect(figures):
    assert figures["pesq"] > 4.6
    assert min(figures[key] for key in ("stoi", "estoi", "speaker")) > 0.999
    assert max(figures[key] for key in ("f0", "voicing")) < 0.1


def test_the_same_is_perfect(reference, wave):
    check_perfect(metrics.measure(reference, wave))


@pytest.mark.parametrize("lag", [-60, 123])
def test_delay_and_gain_change_nothing(reference, wave, lag):
    late = 0.3 * (np.pad(wave, (lag, 0)) if lag > 0 else wave[-lag:])
    found = metrics.delay([wave], [late])
    assert found == lag
    check_perfect(metrics.measure(reference, metrics.align(late, found, wave)))


def test_noise_is_worse(reference, wave):
    noisy = wave + np.random.default_rng(0).normal(0, 0.05, len(wave)).astype(np.float32)
    figures = metrics.measure(reference, noisy)
    assert figures["pesq"] < 2
    assert figures["estoi"] < 0.95


def test_silence_is_measured_as_far_as_it_can_be(reference, wave):
    figures = metrics.measure(reference, np.zeros_like(wave))
    assert figures["f0"] is None
    assert figures["voicing"] > 20


def test_envelopes_find_the_delay_where_no_phase_is_kept(wave):
    noise = np.random.default_rng(0).normal(0, 1, len(wave))
    hoarse = np.pad(np.abs(wave) * noise, (320, 0)).astype(np.float32)
    assert abs(metrics.delay([wave], [hoarse]) - 320) <= 2 * metrics.COARSE


def test_speakers_are_drawn_together():
    values, own = [1.0] * 9 + [0.0] * 9 + [None], [str(i) for i in range(19)]
    together = metrics.interval(values, [str(i // 3) for i in range(19)])
    apart = metrics.interval(values, own)
    assert together["mean"] == apart["mean"] == 0.5
    assert together["files"] == 18
    assert together["high"] - together["low"] > apart["high"] - apart["low"]
    assert metrics.interval([None], ["a"]) is None


def test_log_mel_becomes_audible(reference, wave):
    peer = peers.GriffinLim()
    decoded = peer.decode(peer.encode(wave))
    lag = metrics.delay([wave], [decoded])
    assert abs(lag) <= metrics.COARSE
    assert metrics.measure(reference, metrics.align(decoded, lag, wave))["estoi"] > 0.9


def test_first_stage_says_what_the_decoder_hears():
    release = pytest.importorskip("sottovoce.models.release")
    if not release.available():
        pytest.skip("no model in the box")
    model = release.load()
    codes = np.stack([np.random.default_rng(0).integers(0, 2**bits, 5) for bits in model.presets["default"].bits], 1)
    heard, heads = [], model.network.heads
    model.network.heads = lambda c: heard.append(heads(c)) or heard[-1]
    decoder = model.decoder(bytes(8))
    decoder.push(codes[:2])
    decoder.push(codes[2:])
    decoder.finish()
    true = np.concatenate(heard)[:, :80] / 2**12 - 5
    np.testing.assert_allclose(peers.decoded_mel(model, codes, bytes(8)), true, atol=1e-5)


@pytest.fixture
def table(toy, in_folder):
    rows = [{"corpus": "us", "speaker": "slt", "path": str(SAMPLE)}]
    with Path("speech.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    peers.peer.cache_clear()
    yield "speech.csv"
    peers.peer.cache_clear()


def test_whole_run_keeps_what_it_knows(table, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")  # no c2enc
    quality.main([table, "-o", "out", "--codecs", "pcm8k,sotto:default,codec2:1300"])
    results = json.loads(Path("out.json").read_text())
    assert list(results["codecs"]) == ["sotto:default", "pcm8k"]
    assert results["missing"] == {"codec2:1300": "apt install codec2"}
    assert results["codecs"]["pcm8k"]["file_bit_rate"] == 128000
    assert results["codecs"]["pcm8k"]["delay"] == 0
    assert results["codecs"]["sotto:default"]["file_bit_rate"] > 600
    text = Path("out.md").read_text()
    assert "Not measured: codec2:1300, which needs `apt install codec2`." in text
    assert text == quality.table(results)

    monkeypatch.setattr(quality, "ProcessPoolExecutor", lambda jobs, _: ThreadPoolExecutor(jobs))  # quicker to start
    monkeypatch.setattr(quality.Bench, "run", lambda *_: pytest.fail("measured again"))
    quality.main([table, "-o", "out", "--codecs", "pcm8k,sotto:default"])
    assert "pcm8k: kept" in capsys.readouterr().err
    assert json.loads(Path("out.json").read_text()) == results


def test_other_models_and_recordings_are_other_results():
    now = {"versions": {}, "files": [1], "model": "a"}
    old = now | {"codecs": {"sotto:low": 1, "stage1": 2, "pcm8k": 3}}
    assert quality.still_true(old, now) == old["codecs"]
    assert quality.still_true(old, now | {"model": "b"}) == {"pcm8k": 3}
    assert quality.still_true(old, now | {"files": [2]}) == {}
    assert quality.still_true({}, now) == {}


@pytest.mark.parametrize("name", ["mp3", "codec2:9000", "sotto:loudest"])
def test_unknown_codecs(toy, name):
    with pytest.raises(quality.SottoError):
        quality.available([name], "default")
