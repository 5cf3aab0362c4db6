"""One recording in several processes becomes the same bytes as in one."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.sounds import speech

from sottovoce.codec import Codec
from sottovoce.codec.offline import parallel
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.options import EncodeOptions
from sottovoce.codec.offline.parallel import ParallelStepEncoder, past_steps

SAMPLES = Path(__file__).parents[3] / "samples"


def encoded(codec: Codec, wave: np.ndarray, pieces: int, *, dtx: bool = False, pool=None) -> bytes:
    steps = None
    if pool:
        steps = ParallelStepEncoder(codec.model, codec.preset, dtx=dtx, pool=pool, source="default", most=2)
    sink = io.BytesIO()
    blocks = np.array_split(wave, pieces)
    encode_stream(blocks, sink, codec.model, codec.preset, EncodeOptions(samples=len(wave), dtx=dtx), steps=steps)
    return sink.getvalue()


@pytest.mark.parametrize("preset", ["default", "max"])
@pytest.mark.parametrize("segment", [250, 500])
@pytest.mark.parametrize("samples", [16000 * 50, 16000 * 60 + 1, 16000 * 42 - 639, 500])
def test_same_bytes(monkeypatch, preset, segment, samples):
    """Noise with pauses, through the bundled model, in segments of whole groups."""
    monkeypatch.setattr(parallel, "SEGMENT_STEPS", segment)
    codec = Codec.load(preset=preset)
    random = np.random.default_rng(samples)
    wave = (speech(samples / 16000, level=0.2)[:samples] + random.normal(0, 0.01, samples)).astype(np.float32)
    with ThreadPoolExecutor(2) as pool:
        assert encoded(codec, wave, 7, pool=pool) == encoded(codec, wave, 3)


def test_same_bytes_with_dtx(monkeypatch):
    monkeypatch.setattr(parallel, "SEGMENT_STEPS", 250)
    codec = Codec.load()
    wave = np.concatenate((speech(24), np.zeros(16000 * 3, np.float32), speech(20)))
    with ThreadPoolExecutor(2) as pool:
        assert encoded(codec, wave, 9, dtx=True, pool=pool) == encoded(codec, wave, 2, dtx=True)


def test_same_bytes_where_the_level_changes(monkeypatch):
    monkeypatch.setattr(parallel, "SEGMENT_STEPS", 50)
    codec = Codec.load()
    wave = soundfile.read(SAMPLES / "slt-16k-mono.wav", dtype="float32")[0]
    wave = np.concatenate([gain * wave for gain in (1.0, 0.05, 0.05, 1.0)]).astype(np.float32)
    with ThreadPoolExecutor(2) as pool:
        assert encoded(codec, wave, 9, pool=pool) == encoded(codec, wave, 2)


def test_the_past_is_long_enough_and_not_endless():
    codec = Codec.load()
    assert 10 < past_steps(codec.model, codec.preset) < parallel.SEGMENT_STEPS
