"""What the commands that train have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from sottovoce.codec.errors import SottoError

EXTRA = ("torch", "pyworld")
"""What is installed for training only."""


@contextmanager
def training_installed() -> Iterator[None]:
    """Say what to install when something that only training needs isn't there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        raise SottoError(f"training needs {error.name}", "pip install 'sottovoce[train]'") from error
