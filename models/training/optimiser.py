"""The optimiser of a training run, with learning rates for parts of the model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.muon import Muon


def make_optimiser(
    model: nn.Module, trained: nn.Module, settings: dict[str, Any], rate: float | Tensor, capturable: bool = False
) -> torch.optim.Optimizer:
    """Return the optimiser that the setting `optimiser` names: 'adam', or 'muon' for the matrices of layers.

    The setting `rates` has factors of the learning rate for parts of the model, by the beginning of their names.
    """
    learning = {id(p) for p in trained.parameters() if p.requires_grad}
    named = [(name, p) for name, p in model.named_parameters() if id(p) in learning]
    layers = [m for m in trained.modules() if isinstance(m, nn.Conv1d | nn.Linear)]
    matrices = {id(m.weight) for m in layers} if settings["optimiser"] == "muon" else set()
    groups: dict[tuple[float, bool], list[Tensor]] = {}
    for name, p in named:
        factor = next((f for prefix, f in settings["rates"].items() if name.startswith(prefix)), 1.0)
        groups.setdefault((factor, id(p) in matrices), []).append(p)
    tables = [{"params": g, "factor": factor, "muon": muon} for (factor, muon), g in groups.items()]
    if settings["optimiser"] == "muon":
        return Muon(tables, rate)
    if settings["optimiser"] == "adam":
        return torch.optim.Adam(tables, lr=rate, betas=(0.9, 0.99), foreach=True, capturable=capturable)
    raise TrainingError(f"optimiser {settings['optimiser']!r}: choose adam or muon")


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step, which each group multiplies by its factor."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):  # in a CUDA graph
            group["lr"].fill_(rate * group["factor"])
        else:
            group["lr"] = rate * group["factor"]
