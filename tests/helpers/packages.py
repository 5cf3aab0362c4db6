"""Packages that tests need."""

import pytest

from sottovoce.models.training.stand_in import pkg_resources


def need(*packages: str) -> None:
    """Skip the module unless these can be imported, some of them beside a stand-in for pkg_resources."""
    with pkg_resources():
        for package in packages:
            pytest.importorskip(package)
