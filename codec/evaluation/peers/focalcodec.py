"""FocalCodec (Della Libera et al. 2025, arXiv 2502.04465) by its own package."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, numpy_codes, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"50hz": 50.0, "25hz": 25.0, "12_5hz": 12.5}
"""Codes per second by name, each of 13 bits."""


class FocalCodec(CodesPeer):
    """FocalCodec at one of its rates.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights, in which each mode has its own.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("focalcodec", "focalcodec", "pip install git+https://github.com/lucadellalib/focalcodec")
        source = f"lucadellalib/focalcodec_{mode}"
        folder = weights(settings, f"focalcodec/{mode}", "config.json", "model.safetensors", source=source)
        import focalcodec

        self._model = focalcodec.FocalCodec.from_pretrained(str(folder)).eval()
        super().__init__(
            f"focalcodec:{mode}",
            f"FocalCodec {mode.replace('_', '.').replace('hz', ' Hz')}",
            "focalcodec",
            input_rate=16000,
            sizes=[8192],
            step_rate=MODES[mode],
        )

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of its book."""
        import torch

        with torch.inference_mode():
            return [numpy_codes(self._model.sig_to_toks(tensor_of(wave)[None]))[0]]

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 16 kHz."""
        import torch

        with torch.inference_mode():
            return self._model.toks_to_sig(tensor_of(codes[0])[None])[0].numpy()
