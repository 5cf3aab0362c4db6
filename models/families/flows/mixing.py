"""Invertible 1x1 convolution: a learned matrix that mixes the channels (Glow, arXiv 1807.03039, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sottovoce.models.families.flows.base import Invertible


class InvertibleConv1x1(Invertible):
    """z = W x for the channels of each group, with W = P L (U + diag(sign exp(log_scale))) (eq. 10).

    L is unit lower triangular and U strictly upper triangular, so that log |det W| is the sum of `log_scale`. W is
    initialised to a random rotation, whose permutation P and signs stay fixed.
    """

    order: Tensor
    sign: Tensor

    def __init__(self, channels: int):
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        permutation, lower, upper = torch.linalg.lu(rotation)
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_scale = nn.Parameter(upper.diagonal().abs().log())
        self.register_buffer("sign", upper.diagonal().sign())
        self.register_buffer("order", permutation.argmax(1))  # row i of P L is row order[i] of L

    def matrix(self) -> Tensor:
        """The matrix W (C, C)."""
        lower = self.lower.tril(-1) + torch.eye(len(self.lower), device=self.lower.device)
        upper = self.upper.triu(1) + (self.sign * self.log_scale.exp()).diag()
        return (lower @ upper)[self.order]

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents z (B, N, C) and log |det dz/dx| (B,)."""
        with torch.autocast(x.device.type, enabled=False):
            z = x @ self.matrix().T
        return z, (x.shape[1] * self.log_scale.sum()).expand(len(x))

    def inverse(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Input x (B, N, C) from latents z (B, N, C)."""
        inverse = torch.linalg.inv(self.matrix().double())  # double precision, so that decoding is accurate
        return (z.double() @ inverse.T).float()
