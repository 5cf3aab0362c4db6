"""Speech to bytes and back.

Examples
--------
>>> import numpy as np
>>> from sottovoce.codec import Codec, info
>>> codec = Codec.load()
>>> wave = np.random.default_rng(1).normal(0, 0.1, 48000)  # 1 s at 48 kHz
>>> data = codec.encode(wave, 48000)
>>> info(data).seconds
1.0
>>> len(codec.decode(data))  # at 16 kHz
16000
"""

from sottovoce.codec.api import Codec
from sottovoce.codec.errors import SottoError
from sottovoce.codec.offline.info import Info, info

__all__ = ["Codec", "Info", "SottoError", "info"]
