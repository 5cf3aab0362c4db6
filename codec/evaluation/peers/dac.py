"""Descript Audio Codec at 16 kHz (Kumar et al. 2023, arXiv 2306.06546) by the package descript-audio-codec."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, numpy_codes, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"2": 4, "1": 2}
"""Number of books by name, which is kbit/s."""

CHECKPOINT = "weights_16khz_8kbps_0.0.5.pth"


class Dac(CodesPeer):
    """DAC with its first books.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("descript-audio-codec", "dac", "pip install descript-audio-codec")
        folder = weights(settings, "dac", CHECKPOINT, source="the descript-audio-codec release 0.0.5")
        import dac

        self._model, self._books = dac.DAC.load(str(folder / CHECKPOINT)).eval(), MODES[mode]
        sizes = [1024] * self._books
        super().__init__(
            f"dac:{mode}", f"DAC {mode} kbit/s", "descript-audio-codec", input_rate=16000, sizes=sizes, step_rate=50
        )

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book."""
        import torch

        with torch.inference_mode():
            padded = self._model.preprocess(tensor_of(wave)[None, None], 16000)
            codes = self._model.encode(padded, n_quantizers=self._books)[1]
        return list(numpy_codes(codes)[0])

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 16 kHz."""
        import torch

        with torch.inference_mode():
            latents = self._model.quantizer.from_codes(tensor_of(np.stack(codes))[None])[0]
            return self._model.decode(latents)[0, 0].numpy()
