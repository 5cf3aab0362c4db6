"""A stub of sounddevice, whose callbacks the tests call by hand."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sottovoce.codec.live import portaudio


class PortAudioError(Exception):
    """As sounddevice's: a line, and PortAudio's number."""


class Stream:
    """A stream that does nothing by itself."""

    latency = 0.02

    def __init__(self, sound, **how):
        if sound.refused and how["samplerate"] != sound.devices[how["device"]]["default_samplerate"]:
            raise PortAudioError("Error opening stream", sound.refused)
        self.how = how
        self.sound = sound
        self.closed = False
        sound.streams.append(self)

    def start(self):
        if self.sound.broken:
            raise PortAudioError("Device unavailable", -9985)

    def close(self):
        self.closed = True
        self.how["finished_callback"]()

    def hear(self, wave, *, delay=0.01, overflow=False):
        """Call back with what a microphone heard."""
        times = SimpleNamespace(currentTime=5.0, inputBufferAdcTime=5.0 - delay)
        data = np.array(wave, np.float32)[:, None]
        self.how["callback"](data, len(data), times, SimpleNamespace(input_overflow=overflow))
        data[:] = np.nan  # PortAudio uses it again

    def say(self, frames, *, delay=0.01, underflow=False):
        """Call back for what a loudspeaker shall play, and return it."""
        times = SimpleNamespace(currentTime=5.0, outputBufferDacTime=5.0 + delay)
        data = np.full((frames, 1), np.nan, np.float32)
        self.how["callback"](data, frames, times, SimpleNamespace(output_underflow=underflow))
        return data[:, 0]


class Sound:
    """Stands for the module."""

    PortAudioError = PortAudioError

    def __init__(self):
        self.devices = [
            device("Inner microphone", 0, inputs=2),
            device("Inner loudspeaker", 0, outputs=2),
            device("Headset", 0, inputs=1, outputs=2),
            device("Headset", 1, inputs=1, outputs=2),
        ]
        self.systems = [
            {"name": "MME", "default_input_device": 0, "default_output_device": 1},
            {"name": "WASAPI", "default_input_device": 3, "default_output_device": 3},
        ]
        self.default = SimpleNamespace(hostapi=0)
        self.streams = []
        self.refused = 0
        self.broken = False

    def query_devices(self):
        return self.devices

    def query_hostapis(self):
        return self.systems

    def InputStream(self, **how):
        return Stream(self, **how)

    OutputStream = InputStream


def device(name, system, inputs=0, outputs=0):
    """Describe a device as sounddevice does."""
    return {
        "name": name,
        "hostapi": system,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": 48000.0,
        "default_low_input_latency": 0.01,
        "default_low_output_latency": 0.02,
    }


@pytest.fixture
def sound(monkeypatch):
    """Puts the stub in the place of sounddevice."""
    stub = Sound()
    monkeypatch.setitem(sys.modules, "sounddevice", stub)
    monkeypatch.setattr(portaudio, "STALLED", 300.0)  # the tests call back when the machine lets them
    return stub
