"""What is compared: bytes from a recording, and a recording from bytes; mono float32 at 16 kHz."""

import io
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr
from metrics import RATE, Wave
from numpy.typing import NDArray

from sottovoce.codec import Codec, SottoError
from sottovoce.codec.bits import Reader
from sottovoce.models.features import BANDS, HOP, WINDOW, frames, log_mel, mel_matrix
from sottovoce.models.level import active_level, gain_to_target
from sottovoce.models.release import Release
from sottovoce.models.runtime.layers import ACTIVATION_BITS


class Missing(Exception):
    """A program that isn't installed, and how to install it."""


class Peer(Protocol):
    """A codec.

    Attributes
    ----------
    bit_rate : float, optional
        What its definition says, without files around it; None where nothing is coded.
    """

    bit_rate: float | None

    def encode(self, wave: Wave) -> bytes:
        """A recording as a file."""

    def decode(self, data: bytes) -> Wave:
        """A file as a recording."""


# ---------------------------------------------------------------- sottovoce
class Sotto:
    """This codec, as programs use it."""

    def __init__(self, preset: str, model: str):
        self.codec = Codec.load(preset or "default", model)
        self.bit_rate: float | None = self.codec.bit_rate

    def encode(self, wave: Wave) -> bytes:
        return self.codec.encode(wave, RATE)

    def decode(self, data: bytes) -> Wave:
        return self.codec.decode(data)


class FirstStage(Sotto):
    """What its codes (those of stage1:PRESET) say before the WaveNet speaks: their log-mel through Griffin-Lim."""

    def decode(self, data: bytes) -> Wave:
        reader = Reader(io.BytesIO(data))
        blocks = reader.blocks(self.codec.preset.bits, step=self.codec.model.step)
        codes = np.concatenate([block.codes for block in blocks if block.codes is not None])
        return griffin_lim(decoded_mel(self.codec.model, codes, reader.header.speaker))


def decoded_mel(model: Release, codes: NDArray[np.int16], speaker: bytes) -> NDArray[np.float32]:
    """The log-mel (100 a second, bands) that the decoder makes of codes (steps, books)."""
    network = model.network
    latent = sum(book[column] for book, column in zip(network.books, codes.T, strict=False))
    told = np.hstack([latent, np.tile(network.speaker(speaker), (len(codes), 1))])
    # the network answers a step late: one more to hear the last, and its first answer is to nothing
    answers = network.conditioner()(np.pad(told, ((0, 1), (0, 0))))[model.step // HOP :]
    mel = network.heads(answers)[:, :BANDS] * 4 - (5 << ACTIVATION_BITS)
    return (mel / 2**ACTIVATION_BITS).astype(np.float32)


# ---------------------------------------------------------------- Griffin-Lim
def griffin_lim(mel: NDArray[np.float32]) -> Wave:
    """Log-mel (frames, bands) to a wave: non-negative inverse of the filters, then 60 rounds of phase."""
    import librosa

    filters, target = mel_matrix(), np.exp(np.pad(mel, ((0, 1), (0, 0)), "edge").T)  # librosa wants a frame at the end
    power = filters.T @ target + np.float32(1e-9)
    for _ in range(100):
        power *= (filters.T @ target + 1e-12) / (filters.T @ (filters @ power) + 1e-12)
    shape = {"n_fft": 512, "win_length": WINDOW, "hop_length": HOP, "length": HOP * len(mel)}
    wave = librosa.griffinlim(np.sqrt(power), n_iter=60, random_state=0, **shape)
    return np.pad(wave, (HOP // 2, 0)).astype(np.float32)  # librosa's frames are centred half a hop before ours


class GriffinLim:
    """The true log-mel made audible; nothing is coded."""

    bit_rate = None

    def encode(self, wave: Wave) -> bytes:
        return log_mel(frames(wave * gain_to_target(active_level(wave)))).astype("<f4").tobytes()

    def decode(self, data: bytes) -> Wave:
        return griffin_lim(np.frombuffer(data, "<f4").reshape(-1, BANDS))


# ---------------------------------------------------------------- narrow band
NARROW = 8000


def narrow(wave: Wave) -> NDArray[np.int16]:
    """16 kHz floats as 8 kHz integers."""
    return np.clip(np.round(soxr.resample(wave, RATE, NARROW, "VHQ") * 32768), -32768, 32767).astype("<i2")


def widen(data: bytes) -> Wave:
    """8 kHz integers as 16 kHz floats."""
    return soxr.resample(np.frombuffer(data, "<i2").astype(np.float32) / 32768, NARROW, RATE, "VHQ")


class Pcm8k:
    """16-bit samples at 8 kHz: what the narrow band alone costs."""

    bit_rate = 16.0 * NARROW

    def encode(self, wave: Wave) -> bytes:
        return narrow(wave).tobytes()

    def decode(self, data: bytes) -> Wave:
        return widen(data)


# of each mode, a frame's bits and milliseconds
CODEC2 = {"3200": (64, 20), "2400": (48, 20), "1300": (52, 40), "700C": (28, 40), "450": (18, 40)}


class Codec2:
    """Codec 2 by its own programs, which fill up every frame to whole bytes."""

    def __init__(self, mode: str):
        if not (shutil.which("c2enc") and shutil.which("c2dec")):
            raise Missing("apt install codec2")
        bits, milliseconds = CODEC2[mode]
        self.mode, self.frame = mode, milliseconds * NARROW // 1000
        self.bit_rate = 1000 * bits / milliseconds

    def encode(self, wave: Wave) -> bytes:
        samples = narrow(wave)
        return self._run("c2enc", np.pad(samples, (0, -len(samples) % self.frame)).tobytes())  # it drops part frames

    def decode(self, data: bytes) -> Wave:
        return widen(self._run("c2dec", data))

    def _run(self, program: str, data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, sink = Path(folder, "in"), Path(folder, "out")
            source.write_bytes(data)
            subprocess.run([program, self.mode, source, sink], check=True, capture_output=True)
            return sink.read_bytes()


# ---------------------------------------------------------------- by name
def is_ours(name: str) -> bool:
    """Whether a name stands for something that depends on the model."""
    return name.partition(":")[0] in ("sotto", "stage1")


def names(presets: list[str]) -> list[str]:
    """All that there is to compare, in the table's order."""
    ours = [f"sotto:{preset}" for preset in presets]
    return [*ours, "stage1", *(f"codec2:{mode}" for mode in CODEC2), "griffin-lim", "pcm8k"]


@cache
def peer(name: str, model: str) -> Peer:
    """The codec of a name, warm: imports and compilers have run.

    Raises
    ------
    Missing
        When a program isn't installed.
    SottoError
        When there is no such codec, preset or model.
    """
    kind, _, mode = name.partition(":")
    made: Peer
    if is_ours(name):
        made = (Sotto if kind == "sotto" else FirstStage)(mode, model)
    elif kind == "codec2" and mode in CODEC2:
        made = Codec2(mode)
    elif name in ("griffin-lim", "pcm8k"):
        made = GriffinLim() if name == "griffin-lim" else Pcm8k()
    else:
        raise SottoError(f"no codec named {name!r}", f"choose of {', '.join(names(['PRESET']))}")
    made.decode(made.encode(np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)))
    return made
