"""A neural speech codec: speech in a few hundred bits a second, and back.

Names are imported when they are first used, so that ``import sottovoce`` costs nothing.

Examples
--------
>>> import numpy as np
>>> import sottovoce
>>> codec = sottovoce.Codec.load(preset="default")
>>> wave = np.random.default_rng(1).normal(0, 0.1, 48000)  # 1 s at 48 kHz
>>> data = codec.encode(wave, 48000)
>>> sottovoce.info(data).seconds
1.0
>>> len(codec.decode(data))  # at 16 kHz
16000
"""

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sottovoce.codec.api import Codec
    from sottovoce.codec.encryption import new_key
    from sottovoce.codec.errors import SottoError
    from sottovoce.codec.offline.info import Info, info
    from sottovoce.codec.offline.tags import read_tags
    from sottovoce.codec.stream import StreamDecoder, StreamEncoder

    __version__: str

__all__ = [
    "Codec",
    "Info",
    "SottoError",
    "StreamDecoder",
    "StreamEncoder",
    "__version__",
    "info",
    "new_key",
    "read_tags",
]

# In a checkout this folder holds nothing else: codec, models and cli are where they were installed.
__path__ = extend_path(__path__, __name__)

_MODULES = {
    "Codec": "sottovoce.codec.api",
    "Info": "sottovoce.codec.offline.info",
    "SottoError": "sottovoce.codec.errors",
    "StreamDecoder": "sottovoce.codec.stream",
    "StreamEncoder": "sottovoce.codec.stream",
    "info": "sottovoce.codec.offline.info",
    "new_key": "sottovoce.codec.encryption",
    "read_tags": "sottovoce.codec.offline.tags",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("sottovoce")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted({*globals(), *__all__})
