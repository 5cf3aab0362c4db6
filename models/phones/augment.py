"""What speech goes through before it is heard: lost bands, noise, and what coding does to it.

The recogniser judges coded speech: it must mind what can no longer be told apart, not that something was coded.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sottovoce.models.features import BANDS, SAMPLE_RATE

SPEEDS = (0.85, 1.18)
GAIN_DB = (-8.0, 6.0)
LOW_CUT = (60.0, 400.0)  # Hz
HIGH_CUT = (2800.0, 7800.0)
NOISE_DB = (-45.0, -10.0)  # of the noise, relative to the speech
MODULATED_DB = (-30.0, -3.0)  # of noise that goes with the speech
BAND_MASKS, BAND_WIDTH = 2, 14
TIME_MASKS, TIME_WIDTH = 4, 16  # frames


def uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Random numbers on the generator's device."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def log_uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Random numbers whose logarithm is uniform."""
    return low * (high / low) ** torch.rand(shape, generator=generator, device=generator.device)


def perhaps(generator: torch.Generator, batch: int, chance: float) -> Tensor:
    """True for that share of a batch, (B, 1)."""
    return torch.rand((batch, 1), generator=generator, device=generator.device) < chance


def degraded(wave: Tensor, generator: torch.Generator) -> Tensor:
    """Waves (B, n) as through some channel: each may get each of the faults.

    Noise that goes with the speech is that of the modulated noise reference unit (ITU-T P.810), which stands for
    waveform coders; lost bands are those of telephones; noise has a spectrum of any slope between white and red.
    """
    batch, length = wave.shape
    device = wave.device
    level = wave.square().mean(1, keepdim=True).sqrt() + 1e-5
    modulated = torch.randn(wave.shape, generator=generator, device=device)
    depth = 10 ** (uniform(generator, (batch, 1), *MODULATED_DB) / 20) * perhaps(generator, batch, 0.4)
    spectrum = torch.fft.rfft(wave * (1 + depth * modulated))
    hertz = torch.linspace(0, SAMPLE_RATE / 2, spectrum.shape[1], device=device)

    slope = uniform(generator, (batch, 1), 0.0, 1.0)
    tint = (hertz.clamp_min(100) / 1000) ** -slope
    tint = tint / tint.square().mean(1, keepdim=True).sqrt()
    noise = torch.fft.rfft(torch.randn(wave.shape, generator=generator, device=device)) * tint
    loud = level * 10 ** (uniform(generator, (batch, 1), *NOISE_DB) / 20) * perhaps(generator, batch, 0.5)
    before = perhaps(generator, batch, 0.5)  # noise where the speech is, or in the line
    spectrum = spectrum + noise * loud * before

    low = torch.where(perhaps(generator, batch, 0.3), log_uniform(generator, (batch, 1), *LOW_CUT), 1.0)
    high = torch.where(perhaps(generator, batch, 0.4), log_uniform(generator, (batch, 1), *HIGH_CUT), 1e5)
    band = torch.sigmoid((hertz - low) / (low / 8)) * torch.sigmoid((high - hertz) / 100)
    spectrum = spectrum * band + noise * loud * ~before
    gain = 10 ** (uniform(generator, (batch, 1), *GAIN_DB) / 20)
    return torch.fft.irfft(spectrum, length) * gain


def masks(batch: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Bands and frames to keep (SpecAugment, Park et al. 2019): (B, 1, 80) and (B, frames, 1) of ones and zeros."""

    def kept(size: int, count: int, widest: int) -> Tensor:
        width = uniform(generator, (batch, count, 1), 0, widest)
        first = torch.rand((batch, count, 1), generator=generator, device=generator.device) * (size - width)
        place = torch.arange(size, device=generator.device)
        return ((place < first) | (place >= first + width)).all(1).float()

    return kept(BANDS, BAND_MASKS, BAND_WIDTH)[:, None], kept(frames, TIME_MASKS, TIME_WIDTH)[..., None]
