"""The kernels that run here: those of the C++ module (engines.h), or numba's where it was not built."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import os
from types import ModuleType

INSTALL_COMPILED = "install a C++ compiler and then sottovoce again"
INSTALL_NUMBA = "pip install 'sottovoce[numba]'"

log = logging.getLogger(__name__)


class KernelError(ValueError):
    """No kernel runs here, or not the one that was asked for.

    Parameters
    ----------
    reason : str
        What is wrong, in a few words.
    remedy : str
        What to do about it, in a few words.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"


@functools.cache
def extension() -> ModuleType | None:
    """Return the C++ module, None if it was not built."""
    try:
        return importlib.import_module("sottovoce.models.wavenet._native")
    except ImportError:
        return None


@functools.cache
def kernels() -> list[str]:
    """Return the names of the kernels that run here, fastest first."""
    compiled = extension()
    numba = ["numba"] if importlib.util.find_spec("numba") else []
    return [*(compiled.kernels() if compiled else ()), *numba]


@functools.cache
def default_kernel() -> str:
    """Return the kernel of calls that name none: the environment's ``SOTTO_KERNEL``, else the fastest.

    Raises
    ------
    KernelError
        When none runs here.
    """
    name = os.environ.get("SOTTO_KERNEL") or next(iter(kernels()), "")
    if not name:
        raise KernelError(
            "speech cannot be decoded: there is neither a compiled kernel nor numba",
            f"{INSTALL_NUMBA}, or {INSTALL_COMPILED}",
        )
    log.info("sampling with the %s kernel", name)
    return name


def choose(kernel: str | None) -> str:
    """Return the name of the kernel of a call.

    Parameters
    ----------
    kernel : str, optional
        The one that the call names.

    Raises
    ------
    KernelError
        When it does not run here.
    """
    name = kernel or default_kernel()
    if name not in kernels():
        raise KernelError(f"kernel {name!r} does not run here", f"choose one of {', '.join(kernels())}")
    return name


def slow_kernel_note() -> str | None:
    """Return a line for the user if decoding is slow here for want of a better kernel, else None."""
    if os.environ.get("SOTTO_KERNEL"):
        return None
    name = default_kernel()
    if name == "numba":
        return f"no compiled kernel here: numba decodes about four times slower; {INSTALL_COMPILED}"
    if name == "portable":
        return "this processor has neither AVX2 nor NEON: the portable kernel decodes about four times slower"
    return None
