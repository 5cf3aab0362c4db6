"""The command `sotto`."""

from sottovoce.cli.app import main

__all__ = ["main"]
