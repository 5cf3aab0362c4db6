"""The codec's tests need no trained model."""

import pytest

from sottovoce.codec import Codec


@pytest.fixture
def codec(toy: None) -> Codec:
    """A codec with the toy."""
    return Codec.load()
