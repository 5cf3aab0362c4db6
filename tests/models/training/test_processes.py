"""Two processes are as one with the same global batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import tiny
from safetensors.torch import load_file

from sottovoce.models.training.run import train

PROGRAM = """
import sys, torch
torch.set_num_threads(1)
from sottovoce.models.training.run import train
train(sys.argv[1])
"""


@pytest.mark.parametrize("task", ["spectrum", "joint"])
def test_two_processes(run_config, tmp_path: Path, task: str):
    model = tiny.config(order=0) if task == "joint" else None
    path = run_config(task, model, steps=10, check_every=5)
    train(path)
    one = (tmp_path / "run").rename(tmp_path / "one")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*command, str(program), str(path)], env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)
    for single, double in zip(tiny.journal(one), tiny.journal(tmp_path / "run"), strict=True):
        assert single.keys() == double.keys()
        for key in single:
            if key not in ("gradient_norm", "mel_rmse_db"):  # a root of a mean is not a mean of roots
                assert double[key] == pytest.approx(single[key], rel=1e-4, abs=1e-4), (single["step"], key)
    ours, theirs = load_file(tmp_path / "run" / "weights.safetensors"), load_file(one / "weights.safetensors")
    for name in theirs:
        assert torch.allclose(ours[name], theirs[name], atol=2e-3), name
