"""The tests of the command line work in a folder of their own and need no trained model."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import SOTTO
from helpers.processes import LIMIT

from sottovoce.cli.app import THREADS, run


@pytest.fixture
def sotto(
    toy: None, in_folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command here; gives its exit status and what it said on standard output and error."""

    for name in THREADS:
        monkeypatch.setenv(name, "1")  # what a command sets for its own process must not outlive the test

    def call(*arguments: str | os.PathLike) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run([os.fspath(one) for one in arguments])
        return status, *capfd.readouterr()

    return call


@pytest.fixture
def sotto_process(toy: None, in_folder: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs a command as a process."""

    def call(*arguments: str, **how) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*SOTTO, *arguments], capture_output=True, timeout=LIMIT, **how)

    return call
