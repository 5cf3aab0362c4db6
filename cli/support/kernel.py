"""The kernel that decodes."""

from sottovoce.cli.support.console import Console
from sottovoce.codec.errors import SottoError
from sottovoce.models.wavenet.kernels import default_kernel, extension, kernels


def chosen_kernel() -> str:
    """Return its name; raise SottoError where the environment asks for one that doesn't run here."""
    name = default_kernel()
    if name not in kernels():
        raise SottoError(f"SOTTO_KERNEL={name}: no such kernel runs here", f"choose one of {', '.join(kernels())}")
    return name


def note_slow_kernel(name: str, console: Console) -> None:
    """Print a note when decoding runs with the slow kernel because the compiled one is missing."""
    if name == "numba" and not extension():
        console.note("the compiled decoder is missing, numba is slower; install a C++17 compiler and sottovoce again")
