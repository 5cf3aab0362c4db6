"""Killed at any moment, a run goes on as if nothing had been. SOTTO_KILLS says how often (20 in the long suite)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch
from helpers import tiny
from helpers.processes import wait_until
from safetensors.torch import load_file

from sottovoce.models.training.run import train

KILLS = int(os.environ.get("SOTTO_KILLS", "3"))
PROGRAM = """
import sys, torch
torch.set_num_threads(1)
from sottovoce.models.training.run import train
train(sys.argv[1], resume=True)
"""


def start(config: Path) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(config)], env=environment, stdout=subprocess.DEVNULL)


def wait_for_progress(process: subprocess.Popen, checkpoint: Path) -> None:
    """Until a checkpoint has been written by this process."""

    def stamp() -> int:
        return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0

    before = stamp()
    wait_until(lambda: stamp() != before or process.poll() is not None)


def test_killed_and_resumed(run_config, tmp_path: Path):
    steps = 25 * KILLS
    path = run_config("spectrum", steps=steps, save_minutes=0, batch=2)
    train(path)
    whole = (tmp_path / "run").rename(tmp_path / "whole")
    chance, reached, kills = random.Random(os.getpid()), 0, 0
    for _ in range(KILLS):
        process = start(path)
        wait_for_progress(process, tmp_path / "run" / "checkpoint.pt")
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        step = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"]
        assert step > reached or step == steps
        reached = step
    assert kills
    assert start(path).wait() == 0
    ours, theirs = tiny.journal(tmp_path / "run"), tiny.journal(whole)
    # no more is lost than what came after the last checkpoint, and that comes again exactly
    assert [entry["step"] for entry in ours] == list(range(1, steps + 1))
    assert ours == theirs
    last, wanted = (load_file(run / "weights.safetensors") for run in (tmp_path / "run", whole))
    assert all(torch.equal(last[key], wanted[key]) for key in wanted)
