"""The training loop: one step after another, whatever the task; can be killed at any moment and resumed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch
from torch import Tensor, nn
from torch import distributed as dist

from sottovoce.models.files import replace
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.optimiser import make_optimiser, set_learning_rate
from sottovoce.models.training.processes import agreed, averaged
from sottovoce.models.training.tasks import Batch, Objective
from sottovoce.models.training.watching import Silent, Watcher

LOOP_DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "batch": 16,
    "learning_rate": 2e-3,
    "warmup_steps": 200,
    "decay_share": 0.5,
    "optimiser": "adam",
    "rates": {},
    "clip": 1.0,
    "ema": 0.998,
    "bf16": False,
    "minutes": 1e9,
    "save_minutes": 3.0,
    "log_every": 100,
    "check_every": 1000,
    "gap_from": 10_000,
    "gap_least": 0.01,
}


@dataclass
class Experiment:
    """What is trained, and on what.

    Attributes
    ----------
    model : all of the network, which a checkpoint holds
    task : the part of it that learns, and its loss
    draw : step -> the whole batch of that step
    check : figures on held-out speech
    finish : what is left in the run folder besides checkpoint and weights, once the model has these
    """

    model: nn.Module
    task: Objective
    draw: Callable[[int], Batch]
    check: Callable[[], dict[str, Tensor]]
    finish: Callable[[Path], None] = lambda directory: None


def learning_rate(step: int, settings: dict[str, Any], minutes: float = 0.0) -> float:
    """Linear warm-up, constant, then linear decay to a twentieth over the last `decay_share` of the run.

    The run is over with its last step or its last minute; `minutes` of it have passed.
    """
    done = max(step / settings["steps"], minutes / settings["minutes"])
    decay_from = 1 - settings["decay_share"]
    decay = 1.0 if done < decay_from else max(0.05, (1 - done) / settings["decay_share"])
    return settings["learning_rate"] * decay * min(1.0, (step + 1) / settings["warmup_steps"])


class OptimiserStep:
    """One optimiser step with gradient clipping and averaged weights; on a GPU replayed as one graph.

    The work of a small network's step is dwarfed by launching its hundreds of kernels; a CUDA graph launches once.
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
        """One step; returns figures as tensors on the device, so that nothing waits for them."""
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


def save(path: Path, model: nn.Module, stepper: OptimiserStep, step: int, seconds: float) -> None:
    """Write a checkpoint that is whole or not there."""
    state = {
        "step": step,
        "seconds": seconds,
        "model": model.state_dict(),
        "average": stepper.average,
        "optimiser": stepper.optimiser.state_dict(),
    }
    with replace(path) as file:
        torch.save(state, file)


def load(path: Path, model: nn.Module, stepper: OptimiserStep) -> tuple[int, float]:
    """Continue from a checkpoint; returns the next step, and the seconds that the run has taken."""
    state = read_checkpoint(path, stepper.device)
    model.load_state_dict(state["model"])
    stepper.optimiser.load_state_dict(state["optimiser"])
    with torch.no_grad():
        for mean, stored in zip(stepper.average, state["average"], strict=True):
            mean.copy_(stored)
    return int(state["step"]), float(state["seconds"])


def read_checkpoint(path: Path, device: torch.device | str) -> dict[str, Any]:
    """Return what a checkpoint holds.

    Raises
    ------
    TrainingError
        When it is empty or damaged.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        if not isinstance(state, dict) or not state.keys() >= {"step", "seconds", "model", "average", "optimiser"}:
            raise ValueError("it is of something else")
    except OSError:
        raise
    except Exception as error:  # PyTorch raises anything, and advises to load what is damaged without checks
        raise TrainingError(f"{path}: damaged, or not a checkpoint; delete it to start from the beginning") from error
    return state


def open_journal(path: Path, step: int) -> TextIO:
    """The log to append to, without what was written after the checkpoint that a run goes on from."""
    lines = path.read_text().splitlines(keepends=True) if step and path.exists() else []
    draft = path.with_suffix(".tmp")
    draft.write_text("".join(line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step))
    draft.replace(path)
    return path.open("a")


def check_free(directory: Path, resume: bool) -> None:
    """Raise TrainingError when a run folder has a checkpoint that is not to be continued from."""
    checkpoint = directory / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise TrainingError(f"{checkpoint} is there already: go on from it (--resume), or train into another folder")


def fit(
    model: nn.Module,
    task: Objective,
    settings: dict[str, Any],
    directory: Path,
    device: torch.device,
    draw: Callable[[int], Batch],
    check: Callable[[], dict[str, Tensor]] | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> dict[str, float]:
    """Train until `settings["steps"]`, or until `settings["minutes"]` have passed in all; leave a checkpoint.

    Parameters
    ----------
    draw : step -> batch of this process
    check : figures on held-out speech with the averaged weights, every `check_every` steps; `latent_gap` among them is
        what decides whether the latents are ignored
    resume : go on from the checkpoint in `directory`
    watcher : learns of every step and every entry of the log, on the first process only

    Raises
    ------
    TrainingError
        When the loss is not finite or the latents are ignored.
    """
    first_rank = not dist.is_initialized() or dist.get_rank() == 0
    watcher = watcher if watcher and first_rank else Silent()
    model.eval()
    task.trained.train()
    stepper = OptimiserStep(model, task, settings, device)
    checkpoint = directory / "checkpoint.pt"
    check_free(directory, resume)
    step, seconds = load(checkpoint, model, stepper) if checkpoint.exists() else (0, 0.0)
    saved = time.monotonic()
    began, minutes = saved - seconds, seconds / 60
    directory.mkdir(parents=True, exist_ok=True)
    journal = open_journal(directory / "log.jsonl", step) if first_rank else None
    figures: dict[str, float] = {}
    while step < settings["steps"]:
        if step % settings["log_every"] == 0:
            # all processes learn at the same rate and stop at the same step: the first one's clock decides
            minutes = agreed((time.monotonic() - began) / 60, device)
            if minutes >= settings["minutes"]:
                break
        log = stepper(draw(step), learning_rate(step, settings, minutes))
        step += 1
        watcher.step(step, log)
        save_due = first_rank and time.monotonic() - saved > 60 * settings["save_minutes"]
        if save_due and not all(math.isfinite(float(log[k])) for k in ("loss", "gradient_norm")):
            save_due = False  # the last checkpoint stays one to go on from; the next log entry stops the run
        if step % settings["log_every"] == 0 or step == settings["steps"]:
            figures = {k: float(averaged(v)) for k, v in log.items()}
            if not math.isfinite(figures["loss"]) or not math.isfinite(figures["gradient_norm"]):
                raise TrainingError(
                    f"loss {figures['loss']} at step {step}: lower the learning rate and resume from {checkpoint}"
                )
            if check and (step % settings["check_every"] == 0 or step == settings["steps"]):
                stepper.swap()
                figures |= {k: float(v) for k, v in check().items()}
                stepper.swap()
                if step >= settings["gap_from"] and figures.get("latent_gap", math.inf) < settings["gap_least"]:
                    raise TrainingError(
                        f"the latents are ignored: another utterance's cost only {figures['latent_gap']:.4f} bits a "
                        f"sample more at step {step}; weaken the decoder or widen the bottleneck"
                    )
            if journal:
                entry = {"step": step, "seconds": round(time.monotonic() - began, 1), **figures}
                journal.write(json.dumps(entry) + "\n")
                journal.flush()
                watcher.log(entry)
        if save_due:
            save(checkpoint, model, stepper, step, time.monotonic() - began)
            saved = time.monotonic()
    if first_rank:
        save(checkpoint, model, stepper, step, time.monotonic() - began)
    return figures
