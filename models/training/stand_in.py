"""A substitute for pkg_resources, of which old packages need only versions and which setuptools 82 removed."""

import importlib.metadata
import importlib.util
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pkg_resources() -> Iterator[None]:
    """Make packages importable that ask pkg_resources for a version (pyworld 0.3.5, webrtcvad 2.0.10)."""
    name = "pkg_resources"
    if name in sys.modules or importlib.util.find_spec(name):
        yield
        return
    stand_in = types.ModuleType(name)
    stand_in.get_distribution = lambda package: types.SimpleNamespace(  # type: ignore[attr-defined]
        version=importlib.metadata.version(package)
    )
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]
