"""SNAC at 24 kHz (Siuzdak et al. 2024, arXiv 2410.14411) by the package snac."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, numpy_codes, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"24khz": (1, 2, 4)}
"""Codes of each book in a step of the slowest book, by name."""


class Snac(CodesPeer):
    """SNAC for speech, 984 bit/s: books at 12, 23 and 47 Hz.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("snac", "snac", "pip install snac")
        folder = weights(settings, "snac", "config.json", "pytorch_model.bin", source="hubertsiuzdak/snac_24khz")
        from snac import SNAC

        self._model = SNAC.from_pretrained(str(folder))
        hop, per_step = int(np.prod(self._model.encoder_rates)), MODES[mode]
        super().__init__(
            f"snac:{mode}",
            "SNAC 24 kHz",
            "snac",
            input_rate=self._model.sampling_rate,
            sizes=[self._model.codebook_size] * len(per_step),
            step_rate=self._model.sampling_rate / hop / per_step[-1],
            per_step=per_step,
        )

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book."""
        import torch

        with torch.inference_mode():
            return [numpy_codes(book)[0] for book in self._model.encode(tensor_of(wave)[None, None])]

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 24 kHz. Its decoder draws noise, here always the same."""
        import torch

        torch.manual_seed(0)
        with torch.inference_mode():
            return self._model.decode([tensor_of(book)[None] for book in codes])[0, 0].numpy()
