"""Each option of a command that changes the result is in the API, and the other way round."""

import inspect
from importlib import import_module

import click
import pytest

from sottovoce import Codec, info

FILES = {"inputs", "files_from", "output", "source", "sources", "recordings", "files"}
"""What the command reads and writes, where the API takes and returns values."""
RUNNING = {
    "recursive",
    "workers",
    "force",
    "as_json",
    "quiet",
    "blocks",
    "as_csv",
    "keep_tree",
    "skip_existing",
    "carry_tags",
    "shard",
    "dask",
    "packet",
}
"""How the command runs, and how it prints its results."""
VALUES = {"known", "self", "wave", "rate", "data", "files", "more", "codes"}
"""What the API takes where the command has files."""

PAIRS = [
    ("encode", None, Codec.encode, {"model", "preset"}),
    ("decode", None, Codec.decode, {"model"}),
    ("decode", None, Codec.decode_many, {"model"}),
    ("cut", None, Codec.cut, {"model"}),
    ("join", None, Codec.join, {"model"}),
    ("voice", "make", Codec.voice, {"model"}),
    ("info", None, info, {"model"}),
]


MESSAGES = {"message", "mtu", "speaker_codes", "short_tag", "key"}
"""Options of messages, which the API makes with `Codec.encode_message`."""


def names(function) -> set[str]:
    return set(inspect.signature(function).parameters) - VALUES


@pytest.mark.parametrize(("command", "subcommand", "function", "loading"), PAIRS)
def test_options_are_the_same(command, subcommand, function, loading):
    found = import_module(f"sottovoce.cli.{command}").command
    if subcommand:
        assert isinstance(found, click.Group)
        found = found.commands[subcommand]
    options = {parameter.name for parameter in found.params} - FILES - RUNNING
    options -= MESSAGES if command == "encode" else set()
    assert options == names(function) | loading
    assert loading <= names(Codec.load)


@pytest.mark.parametrize(("command", "subcommand", "function", "loading"), PAIRS)
def test_defaults_are_the_same(command, subcommand, function, loading):
    found = import_module(f"sottovoce.cli.{command}").command
    found = found.commands[subcommand] if subcommand else found
    parameters = inspect.signature(function).parameters
    for option in found.params:
        default = parameters[option.name].default if option.name in names(function) else None
        if default is not None:
            assert option.get_default(click.Context(found)) == default
