"""samples/sotto_message.py, the reader of messages that others may copy."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PATH = Path(__file__).parents[2] / "samples" / "sotto_message.py"


def _loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("sotto_message", PATH)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["sotto_message"] = module  # dataclasses look it up there
    specification.loader.exec_module(module)
    return module


sotto_message = _loaded()
