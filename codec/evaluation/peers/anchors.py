"""What isn't there to be listened to but to show how metrics answer: the narrow band, coarse samples, no phase."""

import io
from importlib import metadata

import numpy as np
import soundfile

from sottovoce.codec.evaluation.peers.base import RATE, Wave
from sottovoce.codec.evaluation.peers.griffin_lim import griffin_lim, librosa_version
from sottovoce.codec.evaluation.peers.narrow import NARROW, narrowed, widened
from sottovoce.models.features import BANDS, frames, log_mel
from sottovoce.models.level import active_level, gain_to_target


class _Anchor:
    family = "anchor"

    def commands(self) -> None:
        """There is no program."""


class Pcm8k(_Anchor):
    """16-bit samples at 8 kHz: what the narrow band alone costs."""

    name, title = "pcm8k", "16-bit samples at 8 kHz"
    bit_rate = 16.0 * NARROW
    identity = f"soxr {metadata.version('soxr')}"

    def encode(self, wave: Wave) -> bytes:
        """Return the samples."""
        return narrowed(wave).tobytes()

    def decode(self, data: bytes) -> Wave:
        """Return them at 16 kHz."""
        return widened(data)


class MuLaw(_Anchor):
    """8-bit samples at 16 kHz, by the mu-law of ITU-T G.711: what a telephone's noise costs."""

    name, title = "mulaw", "8-bit mu-law samples"
    bit_rate = 8.0 * RATE
    identity = f"libsndfile {soundfile.__libsndfile_version__}"

    def encode(self, wave: Wave) -> bytes:
        """Return a byte a sample."""
        file = io.BytesIO()
        soundfile.write(file, wave, RATE, "ULAW", format="RAW")
        return file.getvalue()

    def decode(self, data: bytes) -> Wave:
        """Return what the bytes stand for."""
        samples, _ = soundfile.read(
            io.BytesIO(data), dtype="float32", samplerate=RATE, channels=1, subtype="ULAW", format="RAW"
        )
        return samples


class GriffinLim(_Anchor):
    """The true log-mel made audible; nothing is coded. It bounds what the decoders of mels can reach.

    Raises
    ------
    MissingProgram
        When librosa isn't installed.
    """

    name, title = "griffin-lim", "Griffin-Lim of the true log-mel"
    bit_rate = None

    def __init__(self) -> None:
        self.identity = f"librosa {librosa_version()}"

    def encode(self, wave: Wave) -> bytes:
        """Return the log-mel."""
        return log_mel(frames(wave * gain_to_target(active_level(wave)))).astype("<f4").tobytes()

    def decode(self, data: bytes) -> Wave:
        """Return a wave that has it, at the models' level."""
        return griffin_lim(np.frombuffer(data, "<f4").reshape(-1, BANDS))
