import io
import time

import numpy as np
import pytest
import soundfile

from sottovoce.codec.io.audio import WavWriter
from sottovoce.codec.live.realtime_files import PacedAudioOutput, paced


class Clock:
    """A clock that sleeping moves."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_blocks_come_when_they_would_have_been_heard(clock):
    wave = np.arange(1000, dtype=np.float32)
    blocks = []
    for block in paced([wave[:700], wave[700:]], 16000):
        assert clock.now == pytest.approx(block.time + len(block.wave) / 16000)
        blocks.append(block)
    assert [len(block.wave) for block in blocks] == [320, 320, 60, 300]
    assert blocks[2].time == pytest.approx(100 + 640 / 16000)
    np.testing.assert_array_equal(np.concatenate([block.wave for block in blocks]), wave)


def test_what_comes_too_late_leaves_a_gap(clock):
    file = io.BytesIO()
    wav = WavWriter(file, 16000, None)
    output = PacedAudioOutput(wav, 16000, lead=0.02)
    assert output.fill == 0
    ones = np.ones(160, np.int16)
    output.write(ones, 0)
    assert output.fill == 160 + 320
    clock.sleep(0.025)
    assert output.fill == 80
    output.write(ones, 160)
    clock.sleep(0.035)
    assert output.fill == 0 and output.underruns == 0
    output.write(ones, 320)
    assert output.underruns == 1 and output.fill == 160
    wav.close()
    file.seek(0)
    assert soundfile.read(file, dtype="int16")[0].tolist() == [1] * 320 + [0] * 320 + [1] * 160
