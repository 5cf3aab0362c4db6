"""`sotto train CONFIG`: a config's stage, from its shards to a checkpoint and averaged weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch import distributed as dist

from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.families import train as families
from sottovoce.models.families.base import SinglePassFamily
from sottovoce.models.families.kinds import make_family
from sottovoce.models.files import replace
from sottovoce.models.model import SpeechModel
from sottovoce.models.phones import train as phones
from sottovoce.models.training.checking import check_config
from sottovoce.models.training.configs import override, place, read_config
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.linear_core import initialise
from sottovoce.models.training.loop import Experiment, check_free, fit, read_checkpoint
from sottovoce.models.training.record import stage_facts, write_record
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.training.tasks import TASKS, Batch, DecoderObjective, for_preset, sample_batch
from sottovoce.models.training.watching import Silent, Watcher

NEEDED = ("task", "shards", "out", "steps")
OTHERS = {
    "phones": (phones.phone_experiment, phones.DEFAULTS),
    "family": (families.family_experiment, families.DEFAULTS),
}
"""What is trained that is no part of the codec."""


def train(
    config_path: Path | str,
    resume: bool = False,
    overrides: dict[str, str] | None = None,
    stage: str | None = None,
    *,
    shards: str | None = None,
    out: str | None = None,
    watcher: Watcher | None = None,
) -> dict[str, float]:
    """Train one stage of a config, or all of them in order.

    A config has the model's tables and one table `stage.NAME` for each stage, with its `task` ('spectrum', 'decoder' or
    'joint'; 'phones' for a recogniser, 'family' for a model of another kind), `shards`, `out` (run folder), perhaps
    `start` (the run folders or weights files whose weights it begins with; of what is in several, the last counts), and
    any of the settings in DEFAULTS. `stage` picks one; None runs all in order. With `resume` each goes on from its
    checkpoint, where there is one. `shards` and `out` are for all stages: see `place`. `watcher` learns how it goes.

    Raises
    ------
    TrainingError
        When the config is wrong, before anything is done, or the run cannot go on.

    Under torchrun every process takes its share of each batch.
    """
    config = read_config(config_path)
    override(config, overrides or {})
    place(config, shards, out)
    check_config(config)
    names = [stage] if stage else list(config["stage"])
    if "RANK" in os.environ and not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    figures: dict[str, float] = {}
    for name in names:
        if name not in config["stage"]:
            raise TrainingError(f"no stage {name!r} in {config_path}: it has {', '.join(config['stage'])}")
        figures = train_stage(config, name, resume, watcher)
    return figures


def stage_settings(config: dict[str, Any], name: str) -> dict[str, Any]:
    """A stage's settings over DEFAULTS, once they are known to be complete and to exist."""
    stage = config["stage"][name]
    if missing := [key for key in NEEDED if key not in stage]:
        raise TrainingError(f"stage.{name}: no {missing[0]}")
    if stage["task"] not in (*TASKS, *OTHERS):
        raise TrainingError(f"stage.{name}: no task {stage['task']!r}; choose one of {', '.join((*TASKS, *OTHERS))}")
    defaults = OTHERS[stage["task"]][1] if stage["task"] in OTHERS else DEFAULTS
    if unknown := sorted(stage.keys() - defaults.keys() - {*NEEDED}):
        raise TrainingError(f"stage.{name}: there is no setting {unknown[0]}; there are {', '.join(defaults)}")
    tables = {key: value | stage.get(key, {}) for key, value in defaults.items() if isinstance(value, dict)}
    return defaults | stage | tables


def speech(config: dict[str, Any], settings: dict[str, Any], device: torch.device) -> Experiment:
    """What the training loop needs to train a stage of the codec."""
    model = SpeechModel(config).to(device)
    starts = [settings["start"]] if isinstance(settings["start"], str) else settings["start"]
    loaded = {name for start in starts for name in load_weights(model, Path(start))}
    if settings["compile"]:
        from sottovoce.models.wavenet import network

        network.compile_layers()
    corpus = Corpus(settings["shards"], device)
    if model.spectrum == "linear-core" and settings["task"] != "decoder" and "encoder.core.weight" not in loaded:
        initialise(model, corpus, settings)
    dev = Corpus(settings["shards"], device, "dev")
    task = TASKS[settings["task"]](model, settings)
    held_out = sample_batch(settings | {"past_noise": 0.0}, model, dev, 0, settings["check_batch"], augment=False)

    def validate() -> dict[str, Tensor]:
        task.trained.eval()
        with torch.no_grad():
            if isinstance(task, DecoderObjective):
                figures = task.latent_gap(held_out)
            else:
                figures = {f"dev_{k}": v for k, v in task.loss(held_out)[1].items() if "/" not in k}
                for preset in range(len(model.preset_books)):
                    log = task.loss(for_preset(held_out, preset))[1]
                    figures |= {f"dev_{k}/{preset}": log[k] for k in ("mel_l1", "mel_rmse_db", "modulation")}
        task.trained.train()
        return figures

    def whole(step: int) -> Batch:
        return sample_batch(settings, model, corpus, step, settings["batch"], settings["augment"])

    return Experiment(model, task, whole, validate)


def train_stage(config: dict[str, Any], name: str, resume: bool, watcher: Watcher | None = None) -> dict[str, float]:
    """Train one stage.

    Its run folder gets `checkpoint.pt`, `log.jsonl`, `run.json` and `weights.safetensors`, which are averaged.
    """
    settings = stage_settings(config, name)
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    if settings["batch"] % world:
        raise TrainingError(f"stage.{name}: a batch of {settings['batch']} cannot be shared by {world} processes")
    local = int(os.environ.get("LOCAL_RANK", rank))  # the number of this process on its own machine
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(settings["seed"])
    directory = Path(settings["out"])
    watcher = watcher if watcher and rank == 0 else Silent()
    if settings["task"] == "family" and isinstance(counted := make_family(config["family"]), SinglePassFamily):
        watcher.begin(stage_facts(config, name, settings, counted, counted, device))
        counts = families.fit_single_pass(counted, config, settings, directory)
        watcher.end(str(directory / "family.safetensors"))
        return counts
    make = OTHERS[settings["task"]][0] if settings["task"] in OTHERS else speech
    experiment = make(config, settings, device)
    share = settings["batch"] // world
    facts = stage_facts(config, name, settings, experiment.model, experiment.task.trained, device)
    watcher.begin(facts)

    def batch_of(step: int) -> Batch:
        return {k: v[rank * share : (rank + 1) * share] for k, v in experiment.sample_batch(step).items()}

    check_free(directory, resume)
    if rank == 0:
        write_record(directory, {k: v for k, v in config.items() if k != "about"}, facts)
    figures = fit(
        experiment.model, experiment.task, settings, directory, device, batch_of, experiment.validate, resume, watcher
    )
    if rank == 0:
        save_weights(experiment.model, directory / "weights.safetensors", directory / "checkpoint.pt", experiment.task)
        experiment.finish(directory)
        watcher.end(str(directory / ("family.safetensors" if settings["task"] == "family" else "weights.safetensors")))
    if dist.is_initialized():
        dist.barrier()  # the next stage may start from these weights
    return figures


def save_weights(model: nn.Module, path: Path, checkpoint: Path, task: Any) -> None:
    """The model with its averaged weights."""
    state = read_checkpoint(checkpoint, "cpu")
    model.load_state_dict(state["model"])
    with torch.no_grad():
        trained = [p for p in task.trained.parameters() if p.requires_grad]
        for parameter, mean in zip(trained, state["average"], strict=True):
            parameter.copy_(mean)
    with replace(path) as file:
        file.write(save({k: v.cpu().contiguous() for k, v in model.state_dict().items() if isinstance(v, Tensor)}))


def load_weights(model: SpeechModel, directory: Path) -> set[str]:
    """Load weights of another run as far as names and shapes agree, and return the names of those.

    A stage may begin before all parts exist.
    """
    from safetensors.torch import load_file

    path = directory / "weights.safetensors" if directory.is_dir() else directory
    if not path.exists():
        raise TrainingError(f"{path}: no weights to start from; train that stage first")
    found = load_file(path)
    own = model.state_dict()
    fitting = {k: v for k, v in found.items() if k in own and isinstance(own[k], Tensor) and own[k].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
    for name, module in model.named_modules():
        if isinstance(module, Codebook):
            module.ready |= f"{name}.entries" in fitting  # else it starts on data, as in a new model
    return set(fitting)
