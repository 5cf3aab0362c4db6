"""The package as others import it."""

import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import pytest

import sottovoce


def test_public_names():
    for name in sottovoce.__all__:
        assert getattr(sottovoce, name) == getattr(sottovoce, name)
        assert name in dir(sottovoce)
    assert sottovoce.__version__ == version("sottovoce")
    with pytest.raises(AttributeError, match="no attribute 'codecs'"):
        _ = sottovoce.codecs


def test_types_are_published():
    assert files("sottovoce").joinpath("py.typed").is_file()


def test_importing_it_imports_nothing_else():
    code = "import sys, sottovoce; assert not {'numpy', 'importlib.metadata', 'sottovoce.codec'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_are_those_of_its_modules():
    from sottovoce.codec.api import Codec
    from sottovoce.codec.offline.info import info

    assert (sottovoce.Codec, sottovoce.info) == (Codec, info)
