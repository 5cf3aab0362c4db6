"""Packages that ask pkg_resources for their version can be imported without it."""

import importlib.metadata
import importlib.util
import sys

import pytest

from sottovoce.models.training.stand_in import pkg_resources


@pytest.fixture
def without(monkeypatch):
    """No pkg_resources, as with setuptools 82."""
    monkeypatch.delitem(sys.modules, "pkg_resources", raising=False)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pkg_resources" else find(name))


def test_versions_are_told_and_nothing_stays(without):
    with pkg_resources():
        import pkg_resources as stand_in

        assert stand_in.get_distribution("numpy").version == importlib.metadata.version("numpy")
    assert "pkg_resources" not in sys.modules


def test_the_real_one_is_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "pkg_resources", real := object())
    with pkg_resources():
        assert sys.modules["pkg_resources"] is real
    assert sys.modules["pkg_resources"] is real


def test_a_failed_import_leaves_nothing(without):
    with pytest.raises(ImportError), pkg_resources():
        raise ImportError
    assert "pkg_resources" not in sys.modules
