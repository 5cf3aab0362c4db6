"""Training of a family: by gradient steps on crops of speech, or by one pass over all recordings."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sottovoce.models.families import store
from sottovoce.models.families.base import Batch, Family, SinglePassFamily
from sottovoce.models.families.classes import to_classes
from sottovoce.models.families.kinds import make_family
from sottovoce.models.features import HOP
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.loop import LOOP_DEFAULTS, Experiment
from sottovoce.models.training.shards import load_split
from sottovoce.models.training.tasks import Objective
from sottovoce.models.wavenet import network

DEFAULTS: dict[str, Any] = LOOP_DEFAULTS | {
    "start": "",  # family (file or bundled name) whose weights are the initial ones
    "frames": 25,  # length of a crop, in frames of 10 ms
    "check_batch": 64,  # number of held-out crops
    "compile": False,  # torch.compile the layers of WaveNets
}


class Likelihood(Objective):
    """Objective that minimises a family's own loss."""

    def __init__(self, family: Family):
        self.family = family

    @property
    def trained(self) -> nn.Module:
        """The family."""
        return self.family

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of a batch, and figures to log."""
        return self.family.loss(batch)


def sample_batch(family: Family, corpus: Corpus, settings: dict[str, Any], step: int, batch: int) -> Batch:
    """Random crops and noise of a training step, a function of seed and step."""
    generator = torch.Generator(corpus.device).manual_seed(settings["seed"] * 1_000_003 + step)
    reference_frames = family.reference_frames
    crop = corpus.crop(generator, batch, settings["frames"], max(1, reference_frames), by_speaker=True, augment=False)
    reference = {"reference": to_classes(crop.reference)} if reference_frames else {}
    return {"x": to_classes(crop.wave), **reference, **family.sample_noise(batch, settings["frames"] * HOP, generator)}


def recordings(settings: dict[str, Any], split: str = "train") -> Iterator[Tensor]:
    """Recordings of a split of the shards, one by one, as mu-law classes (T,) int64."""
    utterances, tensors = load_split(settings["shards"], split)
    for utterance in utterances:
        wave = tensors["wave"][utterance["start"] :][: utterance["samples"]]
        yield to_classes(torch.from_numpy(wave).float() / 32768)


def family_experiment(config: dict[str, Any], settings: dict[str, Any], device: torch.device) -> Experiment:
    """Experiment that trains the family of a config."""
    model = make_family(config["family"]).to(device)
    if settings["start"]:
        model.load_state_dict(store.load(settings["start"])[0].state_dict())
    if settings["compile"]:
        network.compile_layers()
    corpus = Corpus(settings["shards"], device)
    dev = Corpus(settings["shards"], device, "dev")
    task = Likelihood(model)
    held_out = sample_batch(model, dev, settings, 0, settings["check_batch"])

    def validate() -> dict[str, Tensor]:
        model.eval()
        with torch.no_grad():
            figures = task.loss(held_out)[1]
        model.train()
        return {f"dev_{name}": value for name, value in figures.items()}

    def finish(directory: Path) -> None:
        about = run_facts(directory, device)
        if settings["start"]:
            about["after"] = store.load(settings["start"])[1]
        store.save(model, config["family"], about, directory / "family.safetensors")

    return Experiment(
        model, task, lambda step: sample_batch(model, corpus, settings, step, settings["batch"]), validate, finish
    )


def fit_single_pass(
    model: SinglePassFamily, config: dict[str, Any], settings: dict[str, Any], directory: Path
) -> dict[str, float]:
    """Estimate a family in one pass over the speech, measure it on held-out speakers, and write a run folder."""
    began = time.monotonic()
    figures = model.fit(recordings(settings))
    bits = length = 0.0
    for x in recordings(settings, "dev"):
        bits -= float(model.log_prob(x[None])) / math.log(2)
        length += len(x)
    figures |= {"dev_bits_per_sample": bits / length}
    directory.mkdir(parents=True, exist_ok=True)
    entry = {"step": 0, "seconds": round(time.monotonic() - began, 1), **figures}
    (directory / "log.jsonl").write_text(json.dumps(entry) + "\n")
    about = run_facts(directory, torch.device("cpu"))
    store.save(model, config["family"], about, directory / "family.safetensors")
    return figures


def run_facts(directory: Path, device: torch.device) -> dict[str, Any]:
    """Facts about a run: its device, duration, steps, and last figures on held-out speech."""
    entries = [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]
    last = {key: value for entry in entries for key, value in entry.items() if key.startswith("dev_")}
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return {"device": name, "seconds": entries[-1]["seconds"], "steps": entries[-1]["step"], **last}
