"""Models for the plot of phones against gender: three bottlenecks at several rates (ladder.toml), trained alike.

    python benchmarks/ladder.py SHARDS RUNS [--only NAME] [-j 2]
    sotto probe RUNS/* --speech DIR -o docs/benchmarks/probes.json

Writes a run folder per model; finished ones are skipped, interrupted ones continue.
"""

import argparse
import multiprocessing
import tomllib
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from sottovoce.models.training import run

RUNGS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def train_one(name: str, shards: Path, runs: Path) -> str:
    """Train a model, or continue its training."""
    rung, folder = RUNGS[name], runs / name
    config = run.read_config(f"families/{rung['config']}")
    config["family"]["bottleneck"] = config["family"]["bottleneck"] | rung.get("bottleneck", {})
    config["stage"]["family"] |= {"shards": str(shards), "out": str(folder)}
    if not (folder / "family.safetensors").exists():
        run.train_stage(config, "family", resume=(folder / "checkpoint.pt").exists())
    return name


def main() -> None:
    """Train all models, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", action="append", choices=list(RUNGS))
    parser.add_argument("-j", "--jobs", type=int, default=1)
    args = parser.parse_args()
    # one process per model, so that GPU memory is freed before the next
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        work = partial(train_one, shards=args.shards, runs=args.runs)
        for name in pool.map(work, args.only or list(RUNGS)):
            print(name, "trained")


if __name__ == "__main__":
    main()
