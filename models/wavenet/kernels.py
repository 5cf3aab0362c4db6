"""Which kernels run here: C++ (kernel.cpp, one engine an instruction set) or, where that was not built, numba."""

from __future__ import annotations

import functools
import importlib
import logging
import os
from types import ModuleType

log = logging.getLogger(__name__)


@functools.cache
def extension() -> ModuleType | None:
    """The C++ module, if it was built."""
    try:
        return importlib.import_module("sottovoce.models.wavenet._kernel")
    except ImportError:
        return None


@functools.cache
def kernels() -> list[str]:
    """Names of the kernels that run here, fastest first."""
    compiled = extension()
    return [*(compiled.kernels() if compiled else ()), "numba"]


@functools.cache
def default_kernel() -> str:
    """The kernel that runs unless a call names another; told once."""
    name = os.environ.get("SOTTO_KERNEL") or kernels()[0]
    log.info("sampling with the %s kernel", name)
    return name


def choose(kernel: str | None) -> str:
    """The name of the kernel that a call asks for; ValueError where it does not run here."""
    name = kernel or default_kernel()
    if name not in kernels():
        raise ValueError(f"kernel {name!r} does not run here; choose one of {', '.join(kernels())}")
    return name
