"""`run.json` of a run folder: the configuration of the run, and the facts about it that a model card needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sottovoce.models.features import SAMPLE_RATE
from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.shards import held_out_utterances

FILE = "run.json"


def speech_facts(shards: Path | str) -> dict[str, Any]:
    """Return where shards are, and how many hours, recordings and speakers they have to train on and to test on."""
    path = Path(shards) / "index.json"
    if not path.exists():
        return {"shards": str(shards)}
    index = json.loads(path.read_text())
    found = index["utterances"]
    train = [one for one, held in zip(found, held_out_utterances(found), strict=True) if not held]
    hours = sum(one["samples"] for one in train) / SAMPLE_RATE / 3600
    return {
        "shards": str(shards),
        **({"source": index["source"]} if "source" in index else {}),
        "hours": round(hours, 3),
        "recordings": len(train),
        "speakers": len({one["speaker"] for one in train}),
        "held_out_recordings": len(found) - len(train),
    }


def stage_facts(
    config: dict[str, Any],
    name: str,
    settings: dict[str, Any],
    model: nn.Module,
    trained: nn.Module,
    device: torch.device,
) -> dict[str, Any]:
    """Return what a stage is about, for its first line and for `run.json`."""
    names = list(config["stage"])
    per_crop = settings.get("steps_per_crop")
    seconds = per_crop / config["model"]["rate"] if per_crop and "model" in config else None
    seconds = settings["frames"] / 100 if "frames" in settings else settings.get("seconds", seconds)
    threads = torch.get_num_threads()
    cpu = f"CPU, {threads} thread{'s' * (threads != 1)}"
    return {
        "stage": name,
        "number": names.index(name) + 1,
        "stages": len(names),
        "task": settings["task"],
        "steps": settings["steps"],
        "batch": settings["batch"],
        "seconds_each": seconds,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else cpu,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trained_parameters": sum(p.numel() for p in trained.parameters() if p.requires_grad),
        "speech": speech_facts(settings["shards"]),
        "out": str(settings["out"]),
    }


def write_record(directory: Path, config: dict[str, Any], facts: dict[str, Any]) -> None:
    """Write `run.json`."""
    versions = {"sottovoce": metadata.version("sottovoce"), "torch": torch.__version__}
    record = {**facts, "began": datetime.now(UTC).isoformat(timespec="seconds"), "versions": versions, "config": config}
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / (FILE + ".tmp")
    draft.write_text(json.dumps(record, indent=1) + "\n")
    draft.replace(directory / FILE)


def read_record(run: Path) -> dict[str, Any] | None:
    """Return what `run.json` of a run folder, or beside a weights file, says; None where there is none.

    The steps and seconds are those of the last entry in the log.
    """
    directory = run if run.is_dir() else run.parent
    path = directory / FILE
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text())
        log = directory / "log.jsonl"
        if log.exists() and (lines := log.read_text().splitlines()):
            last = json.loads(lines[-1])
            record |= {"steps": last["step"], "seconds": last["seconds"]}
    except (ValueError, KeyError) as error:
        raise TrainingError(f"{path}: damaged ({error}); name the configuration with --config") from error
    return record
