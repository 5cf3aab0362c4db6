"""The whole way with the model in the box."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.commands import SOTTO

SAMPLES = Path(__file__).parents[2] / "samples"


def in_the_box() -> bool:
    try:
        from sottovoce.models import release
    except ImportError:
        return False
    return bool(release.available()) and "stub_site" not in os.environ.get("PYTHONPATH", "")


pytestmark = pytest.mark.skipif(not in_the_box(), reason="no trained model")


def sotto(*arguments: str | Path) -> str:
    return subprocess.run([*SOTTO, *arguments], check=True, capture_output=True, text=True, timeout=600).stdout


def test_samples_there_and_back(in_folder):
    sotto("encode", SAMPLES, "-o", "coded", "-j", "1")
    sotto("encode", SAMPLES, "-o", "coded2", "-j", "2")
    names = sorted(path.name for path in Path("coded").iterdir())
    assert len(names) == 6
    assert all((Path("coded") / name).read_bytes() == (Path("coded2") / name).read_bytes() for name in names)
    seconds = sum(soundfile.info(path).duration for path in SAMPLES.iterdir() if path.suffix in (".wav", ".flac"))
    assert 8 * sum(path.stat().st_size for path in Path("coded").iterdir()) / seconds < 700

    sotto("decode", "coded", "-o", "heard", "-j", "1")
    sotto("decode", "coded", "-o", "heard2", "-j", "2")
    for path in Path("heard").iterdir():
        assert path.read_bytes() == (Path("heard2") / path.name).read_bytes()


def test_what_comes_out_is_like_what_went_in(in_folder):
    """Loud where it was loud: a codec that has learned nothing fails this."""
    source = SAMPLES / "slt-16k-mono.wav"
    sotto("roundtrip", source, "-o", "heard.wav")
    given, heard = soundfile.read(source)[0], soundfile.read("heard.wav")[0]
    assert len(given) == len(heard)
    frames = len(given) // 800
    loudness = [
        np.log(np.abs(wave[: 800 * frames].reshape(frames, 800)).mean(axis=1) + 1e-3) for wave in (given, heard)
    ]
    assert np.corrcoef(*loudness)[0, 1] > 0.8


def test_models_tells_where_it_comes_from():
    out = sotto("models", "--all")
    assert "model: default" in out
    assert "speechocean762" in out
