"""Puts the toy of `stub_release.py` in the models' place in every Python process that has this folder in PYTHONPATH."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

NAME = "sottovoce.models.release"
STUB = Path(__file__).parent.parent / "stub_release.py"


class StubFinder:
    """Finds the toy where the models are asked for."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return where `name` is, if it is the models."""
        return spec_from_file_location(NAME, STUB) if name == NAME else None


sys.meta_path.insert(0, StubFinder)  # type: ignore[arg-type]
