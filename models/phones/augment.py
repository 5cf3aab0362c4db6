"""Data augmentation for the phone recogniser: band limitation, noise and coding distortion.

The recogniser evaluates coded speech: it should react to a loss of phonetic information, not to the mere presence of
coding artefacts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sottovoce.models.features import BANDS, SAMPLE_RATE

SPEEDS = (0.85, 1.18)
GAIN_DB = (-8.0, 6.0)
LOW_CUT = (60.0, 400.0)  # Hz
HIGH_CUT = (2800.0, 7800.0)
NOISE_DB = (-45.0, -10.0)  # noise level relative to the speech
MODULATED_DB = (-30.0, -3.0)  # level of speech-modulated noise relative to the speech
BAND_MASKS, BAND_WIDTH = 2, 14
TIME_MASKS, TIME_WIDTH = 4, 16  # frames


def uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Uniform random numbers in [low, high), on the generator's device."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def log_uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Random numbers in [low, high) with a uniformly distributed logarithm."""
    return low * (high / low) ** torch.rand(shape, generator=generator, device=generator.device)


def random_mask(generator: torch.Generator, batch: int, chance: float) -> Tensor:
    """Random mask (B, 1), True with probability `chance`."""
    return torch.rand((batch, 1), generator=generator, device=generator.device) < chance


def degrade(wave: Tensor, generator: torch.Generator) -> Tensor:
    """Waves (B, n) with random degradations, each applied independently with some probability.

    Speech-modulated noise as in the modulated noise reference unit (ITU-T P.810) represents waveform coders; band
    limits represent telephone channels; additive noise has a random spectral slope between white and red.
    """
    batch, length = wave.shape
    device = wave.device
    level = wave.square().mean(1, keepdim=True).sqrt() + 1e-5
    modulated = torch.randn(wave.shape, generator=generator, device=device)
    depth = 10 ** (uniform(generator, (batch, 1), *MODULATED_DB) / 20) * random_mask(generator, batch, 0.4)
    spectrum = torch.fft.rfft(wave * (1 + depth * modulated))
    hertz = torch.linspace(0, SAMPLE_RATE / 2, spectrum.shape[1], device=device)

    slope = uniform(generator, (batch, 1), 0.0, 1.0)
    tint = (hertz.clamp_min(100) / 1000) ** -slope
    tint = tint / tint.square().mean(1, keepdim=True).sqrt()
    noise = torch.fft.rfft(torch.randn(wave.shape, generator=generator, device=device)) * tint
    loud = level * 10 ** (uniform(generator, (batch, 1), *NOISE_DB) / 20) * random_mask(generator, batch, 0.5)
    before = random_mask(generator, batch, 0.5)  # whether the noise is added before or after the band limitation
    spectrum = spectrum + noise * loud * before

    low = torch.where(random_mask(generator, batch, 0.3), log_uniform(generator, (batch, 1), *LOW_CUT), 1.0)
    high = torch.where(random_mask(generator, batch, 0.4), log_uniform(generator, (batch, 1), *HIGH_CUT), 1e5)
    band = torch.sigmoid((hertz - low) / (low / 8)) * torch.sigmoid((high - hertz) / 100)
    spectrum = spectrum * band + noise * loud * ~before
    gain = 10 ** (uniform(generator, (batch, 1), *GAIN_DB) / 20)
    return torch.fft.irfft(spectrum, length) * gain


def spec_augment_masks(batch: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """SpecAugment masks (Park et al. 2019) over bands (B, 1, 80) and frames (B, frames, 1), 1 where kept, else 0."""

    def mask(size: int, count: int, widest: int) -> Tensor:
        width = uniform(generator, (batch, count, 1), 0, widest)
        first = torch.rand((batch, count, 1), generator=generator, device=generator.device) * (size - width)
        place = torch.arange(size, device=generator.device)
        return ((place < first) | (place >= first + width)).all(1).float()

    return mask(BANDS, BAND_MASKS, BAND_WIDTH)[:, None], mask(frames, TIME_MASKS, TIME_WIDTH)[..., None]
