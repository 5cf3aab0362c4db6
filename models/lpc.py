"""Linear predictor of the pre-emphasised wave from the decoded log-mel, in torch for training.

One matrix (lpc_tables.py) maps band powers to the autocorrelation of the pre-emphasised wave. The Schur recursion (Le
Roux and Gueguen 1977) computes reflection coefficients by elementwise operations only, so that the integer version in
runtime/predictor.py gives the same result on every machine.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from sottovoce.models.lpc_tables import GAIN_FLOOR, ORDER, PRE_EMPHASIS, autocorrelation_matrix


def schur(r: Tensor) -> tuple[Tensor, Tensor]:
    """Schur recursion.

    Parameters
    ----------
    r : Tensor [shape=(..., order + 1)]
        Autocorrelation at lags 0 ... order.

    Returns
    -------
    a : Tensor [shape=(..., order)]
        Predictor coefficients, that of the newest sample first.
    error : Tensor [shape=(...)]
        Residual power.
    """
    upper, lower = r[..., 1:], r[..., :-1]
    a, error = r.new_zeros(*r.shape[:-1], 0), r[..., 0]
    while upper.shape[-1]:
        k = upper[..., :1] / lower[..., :1]
        a = torch.cat((a - k * a.flip(-1), k), -1)
        upper, lower = upper - k * lower, lower - k * upper
        error = lower[..., 0]
        upper, lower = upper[..., 1:], lower[..., :-1]
    return a, error


@cache
def _on_device(order: int, device: torch.device) -> Tensor:
    return torch.from_numpy(autocorrelation_matrix(order)).to(device)


def predictor(mel: Tensor, scale: float = 1.0, order: int = ORDER) -> tuple[Tensor, Tensor]:
    """Predictor and residual gain from a log-mel spectrum.

    Parameters
    ----------
    mel : Tensor [shape=(..., 80)]
        Natural log of band power.
    scale : float
        Calibration of the gain, chosen so that the excitation of real speech has unit variance.
    order : int
        Prediction order.

    Returns
    -------
    coefficients : Tensor of float32 [shape=(..., order)]
    gain : Tensor of float32 [shape=(...)]
        Standard deviation of the residual.
    """
    r = torch.exp(mel.double()) @ _on_device(order, mel.device).T
    a, error = schur(r)
    return a.float(), (scale * torch.sqrt(error)).clamp_min(GAIN_FLOOR).float()


def pre_emphasise(x: Tensor) -> Tensor:
    """Pre-emphasis filter x[t] - 0.85 x[t-1] along the last axis."""
    return x - PRE_EMPHASIS * torch.nn.functional.pad(x, (1, 0))[..., :-1]
