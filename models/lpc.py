"""Decoded log-mel -> linear predictor of the pre-emphasised wave, in torch for training (exact: runtime/predictor.py).

Band powers are spread over the spectrum, pre-emphasised, and turned into an autocorrelation by one matrix; the Schur
recursion (Le Roux and Gueguen 1977) gives reflection coefficients by elementwise operations alone, which is what lets
the decoder compute the same bits on every machine.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from sottovoce.models.lpc_tables import GAIN_FLOOR, ORDER, PRE_EMPHASIS, autocorrelation_matrix


def schur(r: Tensor) -> tuple[Tensor, Tensor]:
    """Autocorrelations (..., order + 1) -> predictor coefficients (..., order) and residual power (...)."""
    ahead, behind = r[..., 1:], r[..., :-1]
    a, error = r.new_zeros(*r.shape[:-1], 0), r[..., 0]
    while ahead.shape[-1]:
        k = ahead[..., :1] / behind[..., :1]
        a = torch.cat((a - k * a.flip(-1), k), -1)
        ahead, behind = ahead - k * behind, behind - k * ahead
        error = behind[..., 0]
        ahead, behind = ahead[..., 1:], behind[..., :-1]
    return a, error


@cache
def _on_device(order: int, device: torch.device) -> Tensor:
    return torch.from_numpy(autocorrelation_matrix(order)).to(device)


def predictor(mel: Tensor, scale: float = 1.0, order: int = ORDER) -> tuple[Tensor, Tensor]:
    """Log-mel (..., 80) -> coefficients (..., 16) and residual gain (...).

    `scale` calibrates the gain so that the excitation has unit variance on real speech.
    """
    r = torch.exp(mel.double()) @ _on_device(order, mel.device).T
    a, error = schur(r)
    return a.float(), (scale * torch.sqrt(error)).clamp_min(GAIN_FLOOR).float()


def pre_emphasise(x: Tensor) -> Tensor:
    """x[t] - 0.85 x[t-1] along the last axis."""
    return x - PRE_EMPHASIS * torch.nn.functional.pad(x, (1, 0))[..., :-1]
