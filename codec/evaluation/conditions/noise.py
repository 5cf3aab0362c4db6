"""Additive noise at a signal-to-noise ratio: pink noise, babble of other speakers, or recordings of noise."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.conditions.base import Condition
from sottovoce.codec.evaluation.loudness import power
from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.waves import read
from sottovoce.models.audio.reader import AUDIO_SUFFIXES
from sottovoce.models.level import active_level

TALKERS = 6
"""Number of voices in babble."""

LOWEST = 50.0
"""Frequency in Hz below which pink noise has no more power than there."""


@dataclass(frozen=True)
class Noise:
    """Noise at a signal-to-noise ratio, relative to the active speech level (ITU-T P.56).

    Parameters
    ----------
    source : str
        "pink", "babble" or the folder of noise recordings.
    ratio : float [dB]
        Signal-to-noise ratio.
    files : tuple of str
        Recordings of noise.
    """

    source: str
    ratio: float
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: str, ratio: float) -> "Noise":
        """Find the recordings of noise of a source.

        Raises
        ------
        SottoError
            When there are none.
        """
        if source in ("pink", "babble"):
            return cls(source, ratio)
        if not os.path.isdir(source):
            raise SottoError("no noise of that name", "give pink, babble or a folder of recordings of noise", source)
        found = sorted(str(path) for path in Path(source).rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
        if not found:
            raise SottoError("no recordings in it", "give pink, babble or a folder of recordings of noise", source)
        return cls(source, ratio, tuple(found))

    def condition(self) -> Condition:
        """Return the condition of this noise."""
        name = self.source if not self.files else Path(self.source).name
        kind = {"pink": "pink noise", "babble": "babble"}.get(self.source, f"noise from {name}")
        return Condition(
            key=f"noise-{name}-{self.ratio:g}",
            kind=kind,
            title=f"{kind}, {self.ratio:g} dB",
            value=self.ratio,
            unit="dB SNR",
            degradation=self,
        )

    def identity(self, recordings: Sequence[ReferenceRecording]) -> str:
        """Return source, ratio, and names and sizes of the recordings that noise is drawn from."""
        files = self.files or (tuple(str(one.file) for one in recordings) if self.source == "babble" else ())
        return f"noise 1 {self.source} {self.ratio:g} {[(name, os.path.getsize(name)) for name in files]}"

    def __call__(self, wave: Wave, recording: ReferenceRecording, others: Sequence[ReferenceRecording]) -> Wave:
        """Return the recording with noise added. Silence stays as it is."""
        draw = np.random.default_rng([1, int(recording.id)])
        noise = self._noise(len(wave), draw, recording, others)
        if not (wave.any() and noise.any()):
            return wave
        gain = 10 ** ((active_level(wave) - self.ratio) / 20) / np.sqrt(power(noise))
        return (wave + np.float32(gain) * noise).astype(np.float32)

    def _noise(
        self,
        samples: int,
        draw: np.random.Generator,
        recording: ReferenceRecording,
        others: Sequence[ReferenceRecording],
    ) -> Wave:
        if self.source == "pink":
            return pink(samples, draw)
        if self.files:
            return _excerpt(read(Path(self.files[draw.integers(len(self.files))])), samples, draw)
        strangers = [one for one in others if one.who != recording.who]
        if not strangers:
            raise SottoError("babble needs recordings of other speakers", "measure more recordings, or take pink noise")
        chosen = draw.choice(len(strangers), min(TALKERS, len(strangers)), replace=False)
        voices = [_excerpt(read(strangers[i].file), samples, draw) for i in chosen]
        return np.sum([voice / np.sqrt(power(voice) + 1e-12) for voice in voices], 0, dtype=np.float32)


def pink(samples: int, draw: np.random.Generator) -> Wave:
    """Return Gaussian noise of equal power in each octave: power density 1/f above 50 Hz."""
    spectrum = np.fft.rfft(draw.normal(size=max(samples, 2)))
    frequencies = np.fft.rfftfreq(max(samples, 2), 1 / 16000)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, LOWEST)), max(samples, 2))[:samples].astype(
        np.float32
    )


def _excerpt(wave: Wave, samples: int, draw: np.random.Generator) -> Wave:
    """Return the given number of samples from a random place; the recording is repeated if it is too short."""
    if not len(wave):
        return np.zeros(samples, np.float32)
    start = int(draw.integers(len(wave)))
    return np.take(wave, np.arange(start, start + samples), mode="wrap")
