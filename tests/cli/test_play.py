"""sotto play, with a stub of sounddevice."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile


class PortAudioError(Exception):
    pass


class StubSound:
    """One loudspeaker that keeps what it plays."""

    PortAudioError = PortAudioError

    def __init__(self):
        self.rates = [16000]
        self.fails_after = None
        self.pieces = []
        self.default = SimpleNamespace(hostapi=0)

    def query_hostapis(self):
        return [{"name": "ALSA", "default_input_device": -1, "default_output_device": 0}]

    def query_devices(self):
        names = "max_input_channels", "default_low_input_latency", "default_low_output_latency"
        return [
            {
                "name": "Box",
                "hostapi": 0,
                "max_output_channels": 2,
                "default_samplerate": 48000.0,
                **dict.fromkeys(names, 0),
            }
        ]

    def OutputStream(self, *, samplerate, **how):
        if samplerate not in self.rates:
            raise PortAudioError("Invalid sample rate")
        self.rate = samplerate
        return self

    def start(self):
        pass

    stop = close = start

    def write(self, data):
        if self.fails_after is not None and len(self.pieces) >= self.fails_after:
            raise PortAudioError("Device unavailable")
        self.pieces.append(data.copy())


@pytest.fixture
def sound(monkeypatch):
    stub = StubSound()
    monkeypatch.setitem(sys.modules, "sounddevice", stub)
    return stub


def test_everything_is_played(sotto, wav, sound):
    sotto("encode", wav(seconds=7))
    sotto("decode", "talk.sotto", "-o", "x.wav")
    status, out, err = sotto("play", "talk.sotto")
    assert (status, out.split(), err) == (0, ["7.00", "s", "talk.sotto"], "")
    played = np.concatenate(sound.pieces)[:, 0]
    assert np.array_equal(played, soundfile.read("x.wav", dtype="float32")[0])


def test_a_part_at_the_rate_of_the_device(sotto, wav, sound):
    sound.rates = [48000]
    sotto("encode", wav(seconds=7))
    assert sotto("play", "talk.sotto", "--from", "0:02", "--to", "0:05", "--speed", "2", "-q") == (0, "", "")
    assert (sound.rate, sum(map(len, sound.pieces))) == (48000, 72000)


def test_a_device_that_fails(sotto, wav, sound):
    sotto("encode", wav(seconds=30))
    sound.fails_after = 2
    status, _, err = sotto("play", "talk.sotto")
    assert status == 2
    assert (
        err
        == "sotto: talk.sotto: 0 Box (ALSA) can't be used (Device unavailable); close what uses it or choose another\n"
    )
    sound.rates = []
    assert sotto("play", "talk.sotto")[0] == 2


def test_recordings_are_not_played(sotto, wav, sound):
    status, _, err = sotto("play", wav())
    assert (status, err.split(":")[1]) == (2, " talk.wav")
    assert "is a recording, not a .sotto file" in err
    assert sotto("play", "nope.sotto")[0] == 2
