"""A toy in place of the models' entropy coders: codes without the zeros at the end."""

import numpy as np

from sottovoce.codec.bits.packing import BitPacking


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

    def decode_held(self, payload: bytes, steps: int):
        return self.decode(payload[steps:], steps), np.frombuffer(payload[:steps], np.uint8)

    def decode(self, payload: bytes, steps: int):
        assert self._fresh
        self._fresh = False
        CodedToy.unpacked += 1
        size = self._packing.size(steps)
        return self._packing.unpack(payload[:size].ljust(size, b"\0"), steps)
