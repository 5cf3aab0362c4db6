"""The same file and seed give the same samples: on every kernel, and in every version of this project."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec import Codec
from sottovoce.models import release
from sottovoce.models.wavenet import sampler

GOLDEN = Path(__file__).parent / "golden"
HASHES = json.loads((GOLDEN / "samples.json").read_text())
pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")


def digest(wave: np.ndarray) -> str:
    return hashlib.sha256(np.round(wave * 32768).astype("<i2").tobytes()).hexdigest()


@pytest.mark.parametrize("kernel", sampler.kernels())
@pytest.mark.parametrize("name", HASHES)
def test_samples(name, kernel, monkeypatch):
    monkeypatch.setattr(sampler, "default_kernel", lambda: kernel)
    data = (GOLDEN / name).read_bytes()
    for seed, expected in HASHES[name].items():
        assert digest(Codec.load().decode(data, seed=int(seed))) == expected


def test_together_and_alone_are_the_same():
    name, hashes = next(iter(HASHES.items()))
    data = (GOLDEN / name).read_bytes()
    assert [digest(wave) for wave in Codec.load().decode_many([data] * 3)] == [hashes["0"]] * 3
