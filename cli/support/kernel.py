"""Which kernel decodes."""

from sottovoce.codec.errors import SottoError
from sottovoce.models.wavenet.kernels import default_kernel, kernels


def chosen_kernel() -> str:
    """Return its name; raise SottoError where the environment asks for one that doesn't run here."""
    name = default_kernel()
    if name not in kernels():
        raise SottoError(f"SOTTO_KERNEL={name}: no such kernel runs here", f"choose one of {', '.join(kernels())}")
    return name
