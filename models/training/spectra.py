"""The features of features.py in torch, for batches on any device."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.features import (
    CORRELOGRAM_BINS,
    CORRELOGRAM_POWER,
    HOP,
    MEL_FLOOR,
    REACH,
    WINDOW,
    dct_matrix,
    hann,
    lag_matrix,
    mel_matrix,
)
from sottovoce.models.log_mel_scale import normalised


@cache
def constant(make: Callable[[], NDArray[np.float32]], device: torch.device) -> Tensor:
    """Return a matrix of features.py on a device, copied there once."""
    return torch.from_numpy(make()).to(device)


def mel_window() -> NDArray[np.float32]:
    """Return the window of `log_mel`."""
    return hann(WINDOW)


def pitch_window() -> NDArray[np.float32]:
    """Return the window of `correlogram`."""
    return hann(2 * REACH)


def frames(wave: Tensor) -> Tensor:
    """Cut waves (B, n), n a multiple of 160, into centred frames (B, n / 160, 640)."""
    return F.pad(wave, (REACH - HOP // 2, REACH - HOP // 2)).unfold(1, 2 * REACH, HOP)


def log_mel(framed: Tensor) -> Tensor:
    """Return the log-mel (B, F, 80) of frames (B, F, 640)."""
    middle = framed[..., REACH - WINDOW // 2 : REACH + WINDOW // 2] * constant(mel_window, framed.device)
    spectrum = torch.fft.rfft(middle, 512)
    power = spectrum.real**2 + spectrum.imag**2
    return torch.log(power @ constant(mel_matrix, framed.device).T + MEL_FLOOR)


def correlogram(framed: Tensor) -> Tensor:
    """Return the correlogram (B, F, 64) of frames (B, F, 640)."""
    spectrum = torch.fft.rfft(framed * constant(pitch_window, framed.device), 1024)[..., 1 : CORRELOGRAM_BINS + 1]
    flat = (spectrum.real**2 + spectrum.imag**2 + 1e-6) ** CORRELOGRAM_POWER
    return (flat / flat.sum(-1, keepdim=True)) @ constant(lag_matrix, framed.device)


def delta(x: Tensor, width: int = 9) -> Tensor:
    """Return the regression slope of x (B, F, D) along its frames."""
    half = width // 2
    taps = torch.arange(-half, half + 1, dtype=x.dtype, device=x.device)
    padded = F.pad(x.transpose(1, 2), (half, half), "replicate").unfold(2, width, 1)
    return (padded @ taps / (taps @ taps)).transpose(1, 2)


def encoder_input(kind: str, framed: Tensor) -> Tensor:
    """Return the encoder's input (B, D, F) for frames (B, F, 640); kinds as in features.INPUTS."""
    if kind == "wave":
        x = framed[..., REACH - HOP // 2 : REACH + HOP // 2] * 8
    elif kind == "mfcc":
        static = log_mel(framed) @ constant(dct_matrix, framed.device)
        first = delta(static)
        x = torch.cat((static, first, delta(first)), -1) / 8
    else:
        x = normalised(log_mel(framed))
        if kind == "logmel+pitch":
            x = torch.cat((x, correlogram(framed) * 4), -1)
    return x.transpose(1, 2)
