import io

import numpy as np
import pytest
from helpers.sounds import speech

from sottovoce.codec import Codec, info, models
from sottovoce.codec.bits import Reader


@pytest.fixture
def data(codec) -> bytes:
    return codec.encode(speech(5, 8000), 8000)


def test_whole(data):
    found = info(data)
    assert (found.model, found.preset, found.blocks, found.damaged, found.missing) == ("default", "default", 3, 0, 0)
    assert found.bit_rate == pytest.approx(8 * len(data) / 5)
    assert found.as_dict()["seconds"] == 5
    assert len(found.speaker) == 16


def test_level(codec):
    loud, quiet = (info(codec.encode(speech(3, level=level), 16000)).level for level in (0.1, 0.01))
    assert loud - quiet == pytest.approx(20, abs=0.5)


def test_damaged(data):
    mutated = np.frombuffer(data, np.uint8).copy()
    mutated[60] ^= 1
    found = info(mutated.tobytes())
    assert (found.blocks, found.damaged, found.seconds) == (3, 1, 5)
    assert info(data[:210]).missing == pytest.approx(3)


def test_of_a_model_that_is_not_here(toy, monkeypatch):
    data = Codec.load(model="other").encode(speech(1), 16000)
    monkeypatch.setattr(models.release, "available", lambda: ["default"])
    found = info(data)
    assert (found.model, found.preset, found.seconds, found.blocks) == (None, None, None, None)
    assert (found.bytes, found.source_rate) == (len(data), 16000)


def test_concealed_parts_are_named(codec):
    data = bytearray(codec.encode(speech(10), 16000))
    assert info(bytes(data)).concealed == []
    blocks = list(Reader(io.BytesIO(data)).spans(codec.preset.bits, step=640))
    for number in (1, 2, 4):
        data[blocks[number][0] + 5] ^= 1
    assert info(bytes(data)).concealed == [(2, 6), (8, 10)]
    both = info(codec.encode(speech(3), 16000) + bytes(data))
    assert both.concealed == [(5, 9), (11, 13)]


def test_a_model_that_is_not_bundled_can_be_given(codec, monkeypatch):
    data = codec.encode(speech(1), 16000)
    monkeypatch.setattr("sottovoce.codec.models.release.available", lambda: [])
    assert info(data).seconds is None
    assert info(data, known=codec.model).seconds == 1
