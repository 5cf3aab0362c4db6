"""The commands of README run; its Python blocks, options and links are checked with those of the documentation."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.commands import SOTTO

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"live", "send", "receive", "serve", "evaluate", "compare", "probe", "train"}
"""These need devices, other machines, or minutes; they have tests of their own."""


def commands() -> list[list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ (sotto .*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_commands_run_one_after_the_other(tmp_path):
    for folder in ("talks/more", "speech/alice", "speech/bob"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("talk.wav", "talks/one.wav", "talks/more/two.wav", "speech/alice/a.wav", "speech/bob/b.wav"):
        shutil.copy(ROOT / "samples" / "slt-16k-mono.wav", tmp_path / name)
    ran = 0
    for arguments in commands():
        if arguments[0] in ELSEWHERE or "mine" in arguments:  # a model that `train` makes
            continue
        done = subprocess.run([*SOTTO, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (arguments, done.stderr)
        ran += 1
    assert ran >= 10
    assert (tmp_path / "decoded" / "more" / "two.wav").stat().st_size > 44


def test_it_stays_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_commands_left_out_are_in_it(command):
    assert command in {arguments[0] for arguments in commands()}
