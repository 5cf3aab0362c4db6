"""Augmentation by channels: some examples of a batch are band-limited, some get a little noise."""

from __future__ import annotations

import torch
from torch import Tensor

from sottovoce.models.features import SAMPLE_RATE

LIMITED = 0.25  # share of the examples
HIGH_PASS = (50.0, 350.0)  # Hz, range of the lower edge, up to that of a telephone
LOW_PASS = (3400.0, 8000.0)
STEEPNESS = 6.0  # order of the slopes: 36 dB an octave
NOISY = 0.15  # share of the examples
SNR = (15.0, 40.0)  # dB
LEVEL = 0.05  # RMS of speech at the models' level


def simulate_channels(waves: tuple[Tensor, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
    """Pass waves through B random channels.

    Parameters
    ----------
    waves : tuple of Tensor [shape=(B, n)]
        Waves of the same B speakers, n even.
    generator : torch.Generator

    Returns
    -------
    tuple of Tensor [shape=(B, n)]
    """
    batch, device = len(waves[0]), waves[0].device
    u = torch.rand((6, batch), generator=generator, device=device)
    low, high = (edges[0] * (edges[1] / edges[0]) ** v[:, None] for edges, v in ((HIGH_PASS, u[0]), (LOW_PASS, u[1])))
    limited = (u[2] < LIMITED)[:, None]
    level = 10 ** (-(SNR[0] + (SNR[1] - SNR[0]) * u[3]) / 20) * LEVEL * (u[4] < NOISY)
    tilt = u[5, :, None]  # of the noise's spectrum: white to pink
    degraded = []
    for wave in waves:
        hertz = torch.fft.rfftfreq(wave.shape[1], 1 / SAMPLE_RATE, device=device)
        below, above = (1 + (low / (hertz + 1)) ** (2 * STEEPNESS)), (1 + (hertz / high) ** (2 * STEEPNESS))
        response = 1 / torch.sqrt(below * above)
        noise = torch.fft.rfft(torch.randn(wave.shape, generator=generator, device=device))
        noise = torch.fft.irfft(noise * (1 + hertz / 100) ** -(tilt / 2), wave.shape[1])
        noise = noise / noise.square().mean(1, keepdim=True).sqrt()
        spectrum = torch.fft.rfft(wave) * torch.where(limited, response, 1.0)
        degraded.append(torch.fft.irfft(spectrum, wave.shape[1]) + level[:, None] * noise)
    return tuple(degraded)
