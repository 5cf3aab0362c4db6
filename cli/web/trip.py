"""Speech through the codec and back, while it is spoken."""

import struct
from time import perf_counter

import numpy as np
import numpy.typing as npt

from sottovoce.codec.stream import StreamDecoder, StreamEncoder
from sottovoce.models.audio.resampling import Resampler
from sottovoce.models.release import Preset, Release

HEAD = struct.Struct("<dfHxx")
"""What stands before the samples of a message: the index of the first, seconds of work for the packet, its bytes."""


class Roundtrip:
    """One who speaks, hearing what would be heard far away.

    Parameters
    ----------
    model, preset : Release, Preset
        What codes.
    rate : int
        Hz of what comes in and goes out. Sample j of one is sample j of the other.

    Attributes
    ----------
    facts : dict
        Bytes before the first packet, seconds that a packet stands for, and by which sound comes back later at least.
    """

    def __init__(self, model: Release, preset: Preset, rate: int) -> None:
        self._encoder = StreamEncoder(model, preset)
        self._decoder = StreamDecoder(self._encoder.header, known=model)
        self._in = Resampler(rate, model.sample_rate)
        self._out = Resampler(model.sample_rate, rate)
        self._samples = 0
        self._work = 0.0
        self.facts = {
            "header": len(self._encoder.header),
            "packet_seconds": self._decoder.packet_samples / model.sample_rate,
            "delay": self._encoder.latency + self._decoder.latency,
        }

    def push(self, wave: npt.NDArray[np.int16]) -> list[bytes]:
        """Take samples; return a message for each packet that became ready."""
        began = perf_counter()
        messages = []
        for packet in self._encoder.push(self._in.push(wave.astype(np.float32) / np.float32(32768))):
            heard = self._out.push(self._decoder.push(packet).astype(np.float32))
            now = perf_counter()
            head = HEAD.pack(self._samples, self._work + now - began, len(packet))
            messages.append(head + np.clip(np.rint(heard), -32768, 32767).astype("<i2").tobytes())
            self._samples += len(heard)
            self._work, began = 0.0, now
        self._work += perf_counter() - began
        return messages
