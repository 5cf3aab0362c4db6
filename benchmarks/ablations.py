"""Ablations of the first stage: small networks that differ in one choice (ablations.toml).

    python benchmarks/ablations.py train SHARDS RUNS --steps 2500 [--only NAME] [-j 2]
    python benchmarks/ablations.py table RUNS -o docs/benchmarks/ablations

`train` writes a run folder per variant and skips those that are finished. `table` writes OUTPUT.json and OUTPUT.md from
their logs. The figures are means over training batches, which are the same for all variants: in such short runs
averaged weights lag behind.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import json
import multiprocessing
import tomllib
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sottovoce.models.training import run

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
SPAN = 1000  # steps
SHOWN = {
    "bits_per_step": "bits per step",
    "mel_l1": "log-mel L1",
    "mel_rmse_db": "log-mel RMSE, dB",
    "modulation": "modulation correlation",
    "pitch_semitones": "F0 L1, semitones",
    "voicing_error": "voicing error",
}


def configuration(name: str, **changes: Any) -> dict[str, Any]:
    """Return the configuration of a variant."""
    config = run.read_config("default")
    for dotted, value in (TABLE["base"] | TABLE["variants"][name].get("set", {}) | changes).items():
        *tables, key = dotted.split(".")
        place = config
        for table in tables:
            place = place[table]
        place[key] = value
    return config


def train_one(name: str, shards: Path, runs: Path, steps: int) -> str:
    """Train a variant, or continue its training."""
    torch.set_num_threads(1)
    folder = runs / name
    settings = {"shards": str(shards), "out": str(folder), "steps": steps, "log_every": 100, "check_every": 500}
    config = configuration(name, **{f"stage.spectrum.{key}": value for key, value in settings.items()})
    config["stage"]["spectrum"].pop("start", None)
    if not (folder / "weights.safetensors").exists():
        run.train_stage(config, "spectrum", resume=(folder / "checkpoint.pt").exists())
    return name


def figures(folder: Path) -> dict[str, float]:
    """Return the means over the last `SPAN` steps of a log."""
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    late = [entry for entry in entries if entry["step"] > entries[-1]["step"] - SPAN]
    return {"steps": entries[-1]["step"]} | {key: sum(e[key] for e in late) / len(late) for key in SHOWN}


def write_table(runs: Path, output: Path) -> None:
    """Write the table of the trained variants."""
    names = [name for name in TABLE["variants"] if (runs / name / "weights.safetensors").exists()]
    rows = {name: {"title": TABLE["variants"][name]["title"], **figures(runs / name)} for name in names}
    lines = [
        "# Ablations",
        "",
        f"Small first stages, {max(row['steps'] for row in rows.values())} steps each; means over the training batches "
        f"of the last {SPAN} steps, which are the same stretches for all.",
        "",
        f"| {' | '.join(['variant', *SHOWN.values()])} |",
        f"| --- |{' ---: |' * len(SHOWN)}",
        *(f"| {' | '.join([row['title'], *(f'{row[key]:.3f}' for key in SHOWN)])} |" for row in rows.values()),
    ]
    output.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    output.with_suffix(".md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Train, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("shards", type=Path)
    train.add_argument("runs", type=Path)
    train.add_argument("--steps", type=int, default=2500)
    train.add_argument("--only", action="append", choices=list(TABLE["variants"]))
    train.add_argument("-j", "--jobs", type=int, default=1)
    table = commands.add_parser("table")
    table.add_argument("runs", type=Path)
    table.add_argument("-o", "--output", type=Path, default=Path("ablations"))
    args = parser.parse_args()
    if args.command == "table":
        write_table(args.runs, args.output)
        return
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        work = partial(train_one, shards=args.shards, runs=args.runs, steps=args.steps)
        for name in pool.map(work, args.only or list(TABLE["variants"])):
            print(name, "trained")


if __name__ == "__main__":
    main()
