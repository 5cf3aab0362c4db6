"""The training loop, which is the same for all tasks and can be interrupted at any moment and resumed."""

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
from sottovoce.models.training.optimiser_step import OptimiserStep
from sottovoce.models.training.processes import agreed, averaged
from sottovoce.models.training.tasks import Batch, Objective
from sottovoce.models.training.watching import Silent, Watcher

LOOP_DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "batch": 16,  # examples per step, in all processes together
    "learning_rate": 2e-3,
    "warmup_steps": 200,
    "decay_share": 0.5,  # last part of the run, in which the learning rate falls linearly
    "optimiser": "adam",  # or "muon"
    "rates": {},  # factors of the learning rate by the beginning of parameter names
    "clip": 1.0,  # largest gradient norm
    "ema": 0.998,  # decay of the averaged weights
    "bf16": False,  # autocast to bfloat16
    "minutes": 1e9,  # time limit of the run
    "save_minutes": 3.0,  # interval of checkpoints
    "log_every": 100,  # steps
    "check_every": 1000,  # steps between validations
    "gap_from": 10_000,  # step from which ignored latents end the run
    "gap_least": 0.01,  # bits per sample that latents of another utterance must cost more
}


@dataclass
class Experiment:
    """What is trained, and on what.

    Parameters
    ----------
    model : nn.Module
        The whole network, which checkpoints contain.
    task : Objective
        The part that is trained, and its loss.
    sample_batch : callable
        Returns the whole batch of a step.
    validate : callable
        Returns figures on held-out speech.
    finish : callable
        Writes further files into the run folder, once the model has its final weights.
    """

    model: nn.Module
    task: Objective
    sample_batch: Callable[[int], Batch]
    validate: Callable[[], dict[str, Tensor]]
    finish: Callable[[Path], None] = lambda directory: None


def learning_rate(step: int, settings: dict[str, Any], minutes: float = 0.0) -> float:
    """Linear warm-up, constant, then linear decay to a twentieth over the last `decay_share` of the run.

    The run is over with its last step or its last minute; `minutes` of it have passed.
    """
    done = max(step / settings["steps"], minutes / settings["minutes"])
    decay_from = 1 - settings["decay_share"]
    decay = 1.0 if done < decay_from else max(0.05, (1 - done) / settings["decay_share"])
    return settings["learning_rate"] * decay * min(1.0, (step + 1) / settings["warmup_steps"])


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
    """Load a checkpoint; return the next step and the duration of the run so far in seconds."""
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
    """Open the log for appending, without entries later than the checkpoint."""
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
    sample_batch: Callable[[int], Batch],
    validate: Callable[[], dict[str, Tensor]] | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> dict[str, float]:
    """Train until `settings["steps"]`, or until `settings["minutes"]` have passed in all; leave a checkpoint.

    Parameters
    ----------
    model : nn.Module
        The whole network, which checkpoints contain.
    task : Objective
        The part that is trained, and its loss.
    settings : dict
        `LOOP_DEFAULTS` and the stage's own settings.
    directory : Path
        Run folder.
    device : torch.device
    sample_batch : callable
        Returns this process's batch of a step.
    validate : callable, optional
        Returns figures on held-out speech, with the averaged weights, every `check_every` steps. `latent_gap` among
        them decides whether the decoder ignores the latents.
    resume : bool
        Whether to continue from the checkpoint in `directory`.
    watcher : Watcher, optional
        Is called with every step and every entry of the log, in the first process only.

    Returns
    -------
    dict of str to float
        The last figures.

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
            # All processes use the same learning rate and stop at the same step: the clock of the first one decides.
            minutes = agreed((time.monotonic() - began) / 60, device)
            if minutes >= settings["minutes"]:
                break
        log = stepper(sample_batch(step), learning_rate(step, settings, minutes))
        step += 1
        watcher.step(step, log)
        due = first_rank and time.monotonic() - saved > 60 * settings["save_minutes"]
        save_due = due and _is_finite(log)  # else the last checkpoint stays usable; the next log entry ends the run
        if step % settings["log_every"] == 0 or step == settings["steps"]:
            figures = _mean_figures(log, step, checkpoint)
            if validate and (step % settings["check_every"] == 0 or step == settings["steps"]):
                figures |= _validation_figures(validate, stepper, step)
            if journal:
                watcher.log(_write_entry(journal, step, time.monotonic() - began, figures))
        if save_due:
            save(checkpoint, model, stepper, step, time.monotonic() - began)
            saved = time.monotonic()
    if first_rank:
        save(checkpoint, model, stepper, step, time.monotonic() - began)
    return figures


def _is_finite(log: dict[str, Tensor]) -> bool:
    return all(math.isfinite(float(log[key])) for key in ("loss", "gradient_norm"))


def _mean_figures(log: dict[str, Tensor], step: int, checkpoint: Path) -> dict[str, float]:
    """Figures of a step averaged over all processes."""
    figures = {k: float(averaged(v)) for k, v in log.items()}
    if not math.isfinite(figures["loss"]) or not math.isfinite(figures["gradient_norm"]):
        raise TrainingError(
            f"loss {figures['loss']} at step {step}: lower the learning rate and resume from {checkpoint}"
        )
    return figures


def _validation_figures(
    validate: Callable[[], dict[str, Tensor]], stepper: OptimiserStep, step: int
) -> dict[str, float]:
    """Figures of the averaged weights on held-out speech."""
    stepper.swap()
    figures = {k: float(v) for k, v in validate().items()}
    stepper.swap()
    settings = stepper.settings
    if step >= settings["gap_from"] and figures.get("latent_gap", math.inf) < settings["gap_least"]:
        raise TrainingError(
            f"the latents are ignored: those of another utterance cost only {figures['latent_gap']:.4f} bits per "
            f"sample more at step {step}; weaken the decoder or widen the bottleneck"
        )
    return figures


def _write_entry(journal: TextIO, step: int, seconds: float, figures: dict[str, float]) -> dict[str, float]:
    """Append the figures to the log, and return the entry."""
    entry = {"step": step, "seconds": round(seconds, 1), **figures}
    journal.write(json.dumps(entry) + "\n")
    journal.flush()
    return entry
