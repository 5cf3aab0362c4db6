"""The kernel that decodes."""

from sottovoce.cli.support.console import Console
from sottovoce.codec.errors import SottoError
from sottovoce.models.wavenet.kernels import default_kernel, kernels, slow_kernel_note


def chosen_kernel(console: Console | None = None) -> str:
    """Return the name of the kernel that decodes, and print a note if it is a slow one.

    Parameters
    ----------
    console : Console, optional
        Prints the note.

    Raises
    ------
    SottoError
        When the environment's ``SOTTO_KERNEL`` does not run here.
    KernelError
        When no kernel runs here.
    """
    name = default_kernel()
    if name not in kernels():
        raise SottoError(f"SOTTO_KERNEL={name}: no such kernel runs here", f"choose one of {', '.join(kernels())}")
    if console and (note := slow_kernel_note()):
        console.note(note)
    return name
