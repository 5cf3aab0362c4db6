"""Shards of a language that is easy to hear."""

from pathlib import Path

import pytest
from helpers import babble


@pytest.fixture(scope="session")
def babbling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards whose phones are those that are said."""
    return babble.write_shards(tmp_path_factory.mktemp("babble"))
