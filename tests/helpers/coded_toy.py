"""A toy in place of the models' entropy coders: codes without the zeros at the end."""

import numpy as np
import pytest

from sottovoce.codec import models
from sottovoce.codec.bits.packing import BitPacking
from sottovoce.codec.offline import message_encoder


class CodedToy:
    """Codes and decodes blocks of a preset, each from a reset on."""

    unpacked = 0

    def __init__(self, preset) -> None:
        self._packing = BitPacking(preset.bits)
        self._fresh = False

    def reset(self) -> None:
        self._fresh = True

    def encode(self, codes, held=None) -> bytes:
        assert self._fresh
        self._fresh = False
        if held is None:
            return self._packing.pack(codes).rstrip(b"\0")
        shown = codes[np.maximum.accumulate(np.where(held, 0, np.arange(len(codes))))]
        return held.tobytes() + self._packing.pack(shown)

    def decode_dtx(self, payload: bytes, steps: int):
        return self.decode(payload[steps:], steps), np.frombuffer(payload[:steps], np.uint8)

    def decode(self, payload: bytes, steps: int):
        assert self._fresh
        self._fresh = False
        CodedToy.unpacked += 1
        size = self._packing.size(steps)
        return self._packing.unpack(payload[:size].ljust(size, b"\0"), steps)


def in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the toy in the place of the entropy coder, and the toy's encoder in that of the search for cheap codes."""

    def codes(wave, model, preset):
        encoder = model.encoder(preset.books)
        return np.concatenate((encoder.push(wave), encoder.finish()))

    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: CodedToy(preset))
    monkeypatch.setattr(message_encoder, "cheap_codes", codes)
