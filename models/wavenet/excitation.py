"""Teacher-forced inputs and targets of the predictive WaveNet (LP-WaveNet, arXiv 1811.11913; LPCNet, arXiv 1810.11846).

The network models the normalised excitation ``e = (s - p) / g`` of a linear predictor: ``p = sum a_k s[t-k]``, with the
coefficients ``a`` and the residual gain ``g`` of the frame taken from the decoded spectrum (lpc.py), so that
``s = p + g e``. ``s`` is the pre-emphasised, level-normalised wave. With order zero and a constant gain the same code
is the plain WaveNet on mu-law samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from sottovoce.models.wavenet.units import CLASSES, FRAME

RANGE = 8.0  # excitation beyond +-8 residual gains is clipped
MU = 255.0
NO_PITCH = CLASSES  # the extra row of an embedding table


def compress(v: Tensor) -> Tensor:
    """Mu-law index 0..255 of values on +-RANGE (ITU-T G.711's law, continuous form), any shape."""
    u = (v / RANGE).clamp(-1, 1)
    u = torch.sign(u) * torch.log1p(MU * u.abs()) / math.log1p(MU)
    return torch.round((u + 1) * ((CLASSES - 1) / 2)).long()


def expand(index: Tensor) -> Tensor:
    """Value on +-RANGE of a mu-law index."""
    u = index.float() * (2 / (CLASSES - 1)) - 1
    return RANGE * torch.sign(u) * (torch.exp(u.abs() * math.log1p(MU)) - 1) / MU


def frame_to_sample(x: Tensor) -> Tensor:
    """(B, F, ...) once a frame -> (B, F x 160, ...) once a sample."""
    return x.repeat_interleave(FRAME, 1)


def teacher_forcing(
    s: Tensor, lpc: Tensor, gain: Tensor, period: Tensor, voiced: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """What the network sees and should say at every sample.

    Parameters
    ----------
    s : (B, T) pre-emphasised samples, T a multiple of 160
    lpc : (B, T/160, order) predictor coefficients of a frame
    gain : (B, T/160) residual gain
    period : (B, T/160) integer pitch period in samples, 3..500
    voiced : (B, T/160) bool
    noise : (B, T) added to the *past* samples only, in units of the residual gain, so that the network learns to
        correct what it will get wrong when it hears itself

    Returns
    -------
    indices : (B, T, 6) of s[t-1]/g, e[t-1], p[t]/g, e[t-P-1], e[t-P], e[t-P+1]; taps are NO_PITCH where unvoiced
    target : (B, T) class of e[t]
    """
    batch, time = s.shape
    order = lpc.shape[-1]
    g = frame_to_sample(gain)
    noisy = s + noise * g
    if order:
        past = F.pad(noisy, (order, 0)).unfold(1, order, 1)[:, :time].flip(-1)  # [.., k] = heard[t-1-k]
        predicted = (past.view(batch, -1, FRAME, order) * lpc[:, :, None]).sum(-1).view(batch, time)
    else:
        predicted = torch.zeros_like(s)
    target = compress((s - predicted) / g)
    e_noisy = compress((noisy - predicted) / g)
    e_past = F.pad(e_noisy, (1, 0), value=CLASSES // 2)[:, :time]
    s_past = compress(F.pad(noisy, (1, 0))[:, :time] / g)
    # the ring before the first sample holds silence
    at = torch.arange(time, device=s.device) - frame_to_sample(period)
    ring = F.pad(e_noisy, (512, 0), value=CLASSES // 2)
    silent = ~frame_to_sample(voiced)
    taps = [ring.gather(1, at + 512 + j).masked_fill(silent, NO_PITCH) for j in (-1, 0, 1)]
    return torch.stack([s_past, e_past, compress(predicted / g), *taps], -1), target
