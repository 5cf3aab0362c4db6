"""What the commands that train have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from sottovoce.codec.errors import SottoError

EXTRA = ("torch", "pyworld")
"""What is installed for training only."""


@contextmanager
def training_installed(what: str = "training") -> Iterator[None]:
    """Say what to install when something isn't there that only training, or the like of it, needs."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        raise SottoError(f"{what} needs {error.name}", "pip install 'sottovoce[train]'") from error


@contextmanager
def configured(config: str) -> Iterator[None]:
    """Name the configuration in whatever is wrong with it, or with what it names."""
    from safetensors import SafetensorError

    from sottovoce.models.training.errors import TrainingError

    try:
        yield
    except KeyError as error:
        raise click.ClickException(f"{config}: has no table or setting {error.args[0]!r}") from error
    except SafetensorError as error:
        raise click.ClickException(f"{config}: weights or shards are no safetensors file ({error})") from error
    except FileNotFoundError as error:
        if error.errno is not None:
            raise
        raise click.ClickException(str(error)) from error  # it says itself what to do
    except (TrainingError, ValueError) as error:
        raise click.ClickException(f"{config}: {' '.join(str(error).split())}") from error
