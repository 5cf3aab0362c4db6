"""A tiny model, synthetic speech and its shards: what the tests of `models` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny

torch.set_num_threads(1)


@pytest.fixture
def config() -> dict[str, Any]:
    """The tiny model's config, without stages."""
    return tiny.config()


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of four synthetic speakers, one of them held out."""
    return tiny.write_shards(tmp_path_factory.mktemp("speech"))


@pytest.fixture
def run_config(shards: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes a config with one stage of a task and returns its path; its run folder is `run` beside it."""

    def write(task: str, model: dict[str, Any] | None = None, **settings: Any) -> Path:
        return tiny.write_config(tmp_path, shards, task, model or tiny.config(), **settings)

    return write
