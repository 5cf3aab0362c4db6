"""Connectionist temporal classification (Graves et al. 2006) without synchronisation with the CPU.

The loss of torch reads the lengths on the CPU at every step, so that a training step with it cannot be replayed as a
CUDA graph. The tests compare this implementation with it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def _paths(emitted: Tensor, skip: Tensor) -> Tensor:
    """Forward variables (eq. 6), log alpha (B, T, S), of log-probabilities (B, T, S) of the states of each target.

    `skip` (B, S) is 0 for states that may be reached from two states before, else -inf.
    """
    batch, time, states = emitted.shape
    # two unreachable states before the first, so that every state has two predecessors
    alpha = emitted.new_full((time, batch, states + 2), -math.inf)
    alpha[0, :, 2:4] = emitted[:, 0, :2]
    for t in range(1, time):
        past = alpha[t - 1]
        stay_or_step = torch.logaddexp(past[:, 2:], past[:, 1:-1])
        torch.add(torch.logaddexp(stay_or_step, past[:, :-2] + skip), emitted[:, t], out=alpha[t, :, 2:])
    return alpha.transpose(0, 1)[..., 2:]


def _backwards(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse the first `lengths` (B,) entries along dimension 1 of (B, N, ...); later entries are undefined."""
    places = (lengths[:, None] - 1 - torch.arange(x.shape[1], device=x.device)) % x.shape[1]
    return x.gather(1, places.view(*places.shape, *[1] * (x.ndim - 2)).expand_as(x))


class _CTC(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, targets: Tensor, times: Tensor, lengths: Tensor, blank: int) -> Tensor:
        batch, time, classes = log_probs.shape
        labels = torch.full((batch, 2 * targets.shape[1] + 1), blank, dtype=torch.long, device=log_probs.device)
        labels[:, 1::2] = targets
        emitted = log_probs.gather(2, labels[:, None].expand(-1, time, -1))
        states = 2 * lengths + 1
        # the backward variables are the forward variables of the reversed target in reversed time
        reversed_labels = _backwards(labels, states)
        reversed_emitted = _backwards(_backwards(emitted, times).transpose(1, 2), states).transpose(1, 2)
        both = torch.cat((labels, reversed_labels))
        skip = torch.full(both.shape, -math.inf, device=log_probs.device)
        skip[:, 2:] = torch.where((both[:, 2:] != blank) & (both[:, 2:] != both[:, :-2]), 0.0, -math.inf)
        alpha, beta = _paths(torch.cat((emitted, reversed_emitted)), skip).chunk(2)
        beta = _backwards(_backwards(beta, times).transpose(1, 2), states).transpose(1, 2)
        # all paths start in one of the first two states
        total = beta[:, 0, :2].masked_fill(torch.arange(2, device=states.device) >= states[:, None], -math.inf)
        total = total.logsumexp(1)
        possible = total > -math.inf
        inside = (torch.arange(time, device=times.device) < times[:, None])[..., None]
        inside = inside & (torch.arange(labels.shape[1], device=states.device) < states[:, None])[:, None]
        share = torch.exp(alpha + beta - emitted - total[:, None, None])
        share = torch.where(inside & possible[:, None, None], share, 0.0)
        of_class = labels[..., None] == torch.arange(classes, device=labels.device)
        ctx.save_for_backward(torch.bmm(share, of_class.to(share.dtype)))
        return torch.where(possible, -total, 0.0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (share,) = ctx.saved_tensors
        return -share * gradients[0][:, None, None], None, None, None, None


def ctc_loss(log_probs: Tensor, targets: Tensor, times: Tensor, lengths: Tensor, blank: int) -> Tensor:
    """CTC loss of each target.

    Parameters
    ----------
    log_probs : Tensor of float32 [shape=(B, T, classes)]
    targets : Tensor of int64 [shape=(B, L)]
        Class numbers; values beyond a target's length are ignored.
    times, lengths : Tensor of int64 [shape=(B,)]
        Steps of each utterance, at least one, and length of each target.
    blank : int
        Number of the blank class.

    Returns
    -------
    Tensor of float32, nats [shape=(B,)]
        Negative log-likelihood; 0 for a target that does not fit in its time.
    """
    loss: Tensor = _CTC.apply(log_probs, targets, times, lengths, blank)
    return loss
