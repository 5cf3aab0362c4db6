"""The examples in the documentation run."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "sottovoce",
        "sottovoce.codec",
        "sottovoce.codec.api",
        "sottovoce.codec.tokens",
        "sottovoce.codec.loaded",
        "sottovoce.codec.stream",
        "sottovoce.codec.voice.level",
    ],
)
def test_examples(toy, name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed
