"""Speech that is easy to probe."""

from pathlib import Path

import pytest
from helpers import talkers


@pytest.fixture(scope="session")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of speech with its tables."""
    return talkers.write_speech(tmp_path_factory.mktemp("talkers"))
