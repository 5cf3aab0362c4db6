"""The codec's tests need no trained model."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from helpers.coded_toy import CodedToy

from sottovoce.codec import Codec, models
from sottovoce.codec.bits import PacketWriter
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.options import EncodeOptions
from sottovoce.codec.stream import StreamEncoder


@pytest.fixture
def codec(toy: None) -> Codec:
    """A codec with the toy."""
    return Codec.load()


KINDS = ("plain", "coded", "coded with pauses", "protected", "unknown", "live", "live of two")


@pytest.fixture(params=KINDS)
def encode(request: pytest.FixtureRequest, toy: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Encodes a wave to a file of one of the kinds that there are."""
    kind = request.param
    if kind.startswith(("coded", "protected")):
        monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: CodedToy(preset))

    def call(wave: np.ndarray, preset: str = "default") -> bytes:
        model = Codec.load().model
        chosen = model.presets[preset]
        if kind.startswith("live"):
            encoder = StreamEncoder(model, chosen, steps=2 if kind == "live of two" else 1)
            stream = io.BytesIO()
            writer = PacketWriter(stream, encoder.header)
            for packet in encoder.push(wave) + encoder.finish():
                writer.write(packet)
            writer.close(len(wave))
            return stream.getvalue()
        sink = io.BytesIO()
        samples = None if kind == "unknown" else len(wave)
        dtx, protect = kind.endswith("pauses"), 2 if kind == "protected" else 0
        encode_stream([wave], sink, model, chosen, EncodeOptions(samples, dtx=dtx, protect=protect))
        return sink.getvalue()

    return call
