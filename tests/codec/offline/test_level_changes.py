"""The level of decoded speech is that of the recording, whatever comes before it."""

import io

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.codec import Codec, info
from sottovoce.codec.bits import Reader
from sottovoce.codec.models import blocks_of
from sottovoce.models import release
from sottovoce.models.level import active_level

pytestmark = pytest.mark.skipif(not release.available(), reason="no bundled model")
RATE = 16000
SPEECH = real_speech(5) * np.float32(0.3)


def at(level: float) -> np.ndarray:
    return SPEECH * np.float32(10 ** ((level - active_level(SPEECH)) / 20))


def levels_of(data: bytes) -> list[float]:
    codec = Codec.load()
    reader = Reader(io.BytesIO(data))
    blocks = blocks_of(reader, codec.model, codec.preset)
    bytes_of_levels = [reader.header.level] + [change.voice.level for block in blocks for change in block.changes]
    return [-127.5 + byte / 2 for byte in bytes_of_levels]


def beep() -> np.ndarray:
    return np.concatenate((0.9 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE), np.zeros(RATE // 2)))


LEADS = {"far": lambda: at(-56), "beep": beep}


@pytest.mark.parametrize("name", LEADS)
def test_what_comes_before_does_not_matter(name):
    """STOI within .03 and level within 1 dB of the same speech alone."""
    stoi = pytest.importorskip("pystoi").stoi
    codec = Codec.load()
    speech = at(-26) if name == "far" else at(-46)
    lead = LEADS[name]().astype(np.float32)
    alone, after = codec.decode_many([codec.encode(speech, RATE), codec.encode(np.concatenate((lead, speech)), RATE)])
    after = after[len(lead) :]
    assert stoi(speech, after, RATE) > stoi(speech, alone, RATE) - 0.03
    assert active_level(after) == pytest.approx(active_level(alone), abs=1)


def test_changes_survive_cutting_and_joining():
    codec = Codec.load()
    data = codec.encode(np.concatenate((at(-50), at(-24))), RATE)
    far, near = levels_of(data)
    ((start, level),) = info(data).levels
    assert start == pytest.approx(5, abs=0.7) and level == near
    assert (far, near) == (pytest.approx(-50, abs=1), pytest.approx(-24, abs=1))
    assert levels_of(codec.cut(data, start=6)) == [near]
    assert levels_of(codec.cut(data, stop=4)) == [far]
    assert levels_of(codec.cut(data, start=1)) == [far, near]
    joined = codec.join([codec.cut(data, stop=4), codec.cut(data, start=6)])
    assert levels_of(joined) == [far, near]
    assert not info(joined).problems()


def test_a_change_costs_a_few_bytes():
    codec = Codec.load()
    data = codec.encode(np.concatenate((at(-50), at(-24))), RATE)
    assert len(data) < len(codec.encode(np.concatenate((at(-24), at(-24))), RATE)) * 1.1
