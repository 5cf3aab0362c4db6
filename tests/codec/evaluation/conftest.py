"""What tests of metrics share: a recording of real speech."""

from pathlib import Path

import pytest

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.waves import read

SAMPLE = Path(__file__).parents[3] / "samples" / "slt-16k-mono.wav"


@pytest.fixture(scope="session")
def talk() -> Wave:
    """A sentence."""
    return read(SAMPLE)
