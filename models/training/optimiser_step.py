"""A step of training: gradient, clipping, update and weight averaging."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist

from sottovoce.models.training.optimiser import make_optimiser, set_learning_rate
from sottovoce.models.training.tasks import Batch, Objective


class OptimiserStep:
    """An optimiser step with gradient clipping and weight averaging; on a GPU it is a CUDA graph.

    A step of a small network takes less time than launching its hundreds of kernels; a graph is launched once.

    Parameters
    ----------
    model : nn.Module
        The whole network.
    task : Objective
        The part that is trained, and its loss.
    settings : dict
        `LOOP_DEFAULTS` and the stage's own settings.
    device : torch.device
    """

    EAGER_STEPS = 5  # before the graph is captured: k-means starts, compilation, allocations

    def __init__(self, model: nn.Module, task: Objective, settings: dict[str, Any], device: torch.device):
        self.task, self.settings, self.device = task, settings, device
        self.parameters = [p for p in task.trained.parameters() if p.requires_grad]
        on_gpu = device.type == "cuda"
        # inside a graph the learning rate has to be a tensor to be changed
        rate = torch.tensor(settings["learning_rate"], device=device) if on_gpu else settings["learning_rate"]
        self.optimiser = make_optimiser(model, task.trained, settings, rate, on_gpu)
        self.average = [p.detach().clone() for p in self.parameters]
        self.graph: torch.cuda.CUDAGraph | None = None
        self.static: Batch = {}
        self.log: dict[str, Tensor] = {}
        self.taken = 0

    def _update(self, batch: Batch) -> dict[str, Tensor]:
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings["bf16"], cache_enabled=False):
            loss, log = self.task.loss(batch)
        loss.backward()
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if dist.is_initialized():
            for gradient in gradients:
                dist.all_reduce(gradient)
            torch._foreach_div_(gradients, dist.get_world_size())
        norm = nn.utils.clip_grad_norm_(self.parameters, self.settings["clip"], foreach=True)
        self.optimiser.step()
        torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - self.settings["ema"])
        return {"loss": loss.detach(), "gradient_norm": norm, **{k: v.detach() for k, v in log.items()}}

    def __call__(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        """Make a step; return figures as tensors on the device, so that the CPU does not wait for them."""
        set_learning_rate(self.optimiser, rate)
        self.taken += 1
        if self.device.type != "cuda" or self.taken <= self.EAGER_STEPS:
            return self._update(batch)
        if self.graph is None:
            self.static = {k: v.clone() for k, v in batch.items()}
            torch.cuda.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.log = self._update(self.static)
        for key, value in batch.items():
            self.static[key].copy_(value)
        self.graph.replay()
        return self.log

    def swap(self) -> None:
        """Exchange the weights and their running average, in place."""
        with torch.no_grad():
            for weight, mean in zip(self.parameters, self.average, strict=True):
                held = weight.detach().clone()
                weight.copy_(mean)
                mean.copy_(held)
