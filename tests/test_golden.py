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


def test_tables_made_at_import_are_the_same_everywhere():
    """They come from cos, log and exp, whose last bit is up to the machine, but are rounded far from any tie."""
    from sottovoce.codec import level
    from sottovoce.models.runtime import postfilter

    made = {
        "forward": postfilter.forward_matrix(),
        "backward": postfilter.backward_matrix(),
        "weights": postfilter.band_weights(),
        "shares": postfilter.band_shares(),
        "levels": np.array(level._RESTORING),
    }
    found = {name: hashlib.sha256(table.astype("<i8").tobytes()).hexdigest()[:16] for name, table in made.items()}
    assert found == json.loads((GOLDEN / "tables.json").read_text())
