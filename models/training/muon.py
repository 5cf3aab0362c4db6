"""Muon: momentum with orthogonalised updates for the matrices of layers, and Adam for all other parameters.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the scale of the update, which lets both
kinds of parameters share a learning rate, is that of Liu et al. 2025, "Muon is scalable for LLM training"
(arXiv 2502.16982, eq. 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration (Jordan et al.)
ITERATIONS = 5
SCALE = 0.2  # root mean square of an update of Adam


def orthogonalise(matrix: Tensor) -> Tensor:
    """Approximate the orthogonal factor of the polar decomposition of `matrix` (m, n) by Newton-Schulz iterations."""
    a, b, c = COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Muon for some groups of parameters, Adam for others.

    Parameters
    ----------
    groups : iterable of dict
        Each has `params`, and `muon`: whether they are updated by Muon, as weights of two or more dimensions, of which
        all but the first are flattened.
    lr : float or Tensor
    momentum : float
        Momentum of Muon (Nesterov).
    betas : tuple of float
        Decay rates of Adam.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float | Tensor = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
    ):
        super().__init__(list(groups), {"lr": lr, "momentum": momentum, "betas": betas})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update all parameters that have a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    state = self.state[parameter]
                    if not state:
                        state["first"] = torch.zeros_like(parameter)
                        if not group["muon"]:
                            state["second"] = torch.zeros_like(parameter)
                            state["step"] = torch.zeros((), device=parameter.device)
                    update = (
                        _muon(parameter.grad, state, group) if group["muon"] else _adam(parameter.grad, state, group)
                    )
                    parameter.sub_(update * group["lr"])


def _muon(gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    momentum = state["first"].lerp_(gradient, 1 - group["momentum"])
    matrix = gradient.lerp(momentum, group["momentum"]).flatten(1)
    return orthogonalise(matrix).view_as(gradient) * (SCALE * max(matrix.shape) ** 0.5)


def _adam(gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    beta1, beta2 = group["betas"]
    state["step"] += 1
    first = state["first"].lerp_(gradient, 1 - beta1) / (1 - beta1 ** state["step"])
    second = state["second"].lerp_(gradient * gradient, 1 - beta2) / (1 - beta2 ** state["step"])
    return first / (second.sqrt() + 1e-8)
