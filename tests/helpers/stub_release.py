"""A toy in place of the models: the interface of `sottovoce.models.release`, quick, deterministic, and exact in its
promises about chunks, lengths and lost steps. A step's codes tell its mean magnitude; decoding gives it back as noise.
STUB_SLOWNESS is the seconds that encoding a piece takes, STUB_GATE a file without which it doesn't begin, STUB_TRACE
one that gets a byte for each piece.
"""

import hashlib
import os
import time
from dataclasses import dataclass

import numpy as np

STEP = 640
LOOKAHEAD = 400
BITS = (10, 7, 7, 8)
_SCALE = 1023


@dataclass(frozen=True)
class Preset:
    name: str
    index: int
    bits: tuple[int, ...]

    @property
    def books(self) -> int:
        return len(self.bits)


class Encoder:
    def __init__(self, books: int | None) -> None:
        self._books = books
        self._held = np.zeros(0, np.float32)
        self._samples = 0
        self._steps = 0

    def push(self, wave):
        time.sleep(float(os.environ.get("STUB_SLOWNESS", "0")))
        while (gate := os.environ.get("STUB_GATE")) and not os.path.exists(gate):
            time.sleep(0.01)
        if trace := os.environ.get("STUB_TRACE"):
            with open(trace, "ab") as file:
                file.write(b".")
        self._held = np.concatenate((self._held, wave))
        self._samples += len(wave)
        return self._take(max(0, len(self._held) - LOOKAHEAD) // STEP)

    def finish(self):
        steps = -(-self._samples // STEP) - self._steps
        self._held = np.pad(self._held, (0, max(0, steps * STEP - len(self._held))))
        return self._take(steps)

    def _take(self, steps):
        wave, self._held = np.split(self._held, [steps * STEP])
        self._steps += steps
        size = np.abs(wave.reshape(steps, STEP)).astype(np.float64).mean(axis=1)
        coarse = np.clip(np.rint(size * _SCALE), 0, _SCALE).astype(np.int16)
        fine = np.stack([(coarse * (book + 1)) % (1 << bits) for book, bits in enumerate(BITS[1:])], axis=1)
        return np.concatenate((coarse[:, None], fine), axis=1).astype(np.int16)[:, : self._books]


class Decoder:
    delay = STEP

    def __init__(self, speaker: bytes, seed: int) -> None:
        self._random = np.random.default_rng([seed, *speaker])
        self._last = 0
        self._late = np.zeros(0, np.int16)

    def push(self, codes):
        waves = [self._late]
        for row in codes:
            assert len(row) in (1, 3, 4)
            self._last = self._last // 2 if row[0] < 0 else int(row[0])
            noise = self._random.integers(-32, 33, STEP)
            waves.append(np.clip(noise * self._last, -32768, 32767).astype(np.int16))
        wave = np.concatenate(waves)
        ready, self._late = np.split(wave, [max(0, len(wave) - STEP)])
        return ready

    def set_speaker(self, speaker: bytes) -> None:
        assert len(speaker) == 8

    def convert_voice(self, voice_conversion: bytes) -> None:
        self._random = np.random.default_rng([*voice_conversion])

    def finish(self):
        late, self._late = self._late, np.zeros(0, np.int16)
        return late


class Release:
    sample_rate = 16000
    step = STEP
    lookahead = LOOKAHEAD
    neutral_speaker = bytes(8)

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = hashlib.sha256(name.encode()).digest()[:4]
        self.presets = {
            "low": Preset("low", 0, BITS[:1]),
            "default": Preset("default", 1, BITS[:3]),
            "max": Preset("max", 3, BITS),
        }
        self.weights: dict[str, np.ndarray] = {}
        self.previous_ids = ()
        self.card = {
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "training": {"data": ["toy speech"], "licence": "none"},
            "scores": {"default": {"stoi": 0.5}},
        }

    def speaker(self, wave, books: int | None = None) -> bytes:
        assert len(wave) >= 1 and wave.dtype == np.float32
        return hashlib.sha256(str(round(float(np.abs(wave).mean()), 2)).encode()).digest()[
            : 8 if books is None else books
        ]

    def whole_speaker(self, codes: bytes) -> bytes:
        return codes.ljust(8, b"\0")

    def voice_profile(self, codes, speaker: bytes) -> bytes:
        return speaker + codes[:, 0].astype("<i2").max().tobytes() * bool(codes.any())

    def voice_conversion(self, voice: bytes, codes, speaker: bytes) -> bytes:
        if len(voice) not in (8, 10):
            raise ValueError(f"a voice of {len(voice)} bytes where the model has 10")
        return voice

    def encoder(self, books: int | None = None, group: int = 1) -> Encoder:
        return Encoder(books)

    def decoder(self, speaker: bytes, seed: int = 0, stream: int = 0, speed: float = 1.0) -> Decoder:
        assert len(speaker) == 8
        return Decoder(speaker, seed)


def available() -> list[str]:
    return ["default", "other"]


def load(name: str = "default") -> Release:
    if name not in available():
        raise FileNotFoundError(name)
    return Release(name)


def former_prefix(model: str) -> str:
    return f"former.{model}."


def decode_batch(decoders, codes):
    return [decoder.push(rows) for decoder, rows in zip(decoders, codes, strict=True)]
