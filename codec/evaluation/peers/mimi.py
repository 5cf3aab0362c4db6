"""Mimi (Défossez et al. 2024, arXiv 2410.00037) by the package transformers."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, numpy_codes, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"8": 8, "5": 5}
"""Number of books by name; 137.5 bit/s for each."""


class Mimi(CodesPeer):
    """Mimi with its first books.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("transformers", "transformers", "pip install transformers torch")
        folder = weights(settings, "mimi", "config.json", "model.safetensors", source="kyutai/mimi")
        from transformers import MimiModel

        self._model, self._books = MimiModel.from_pretrained(str(folder), local_files_only=True).eval(), MODES[mode]
        sizes = [2048] * self._books
        super().__init__(
            f"mimi:{mode}", f"Mimi, {mode} books", "transformers", input_rate=24000, sizes=sizes, step_rate=12.5
        )

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book."""
        import torch

        with torch.inference_mode():
            codes = self._model.encode(tensor_of(wave)[None, None], num_quantizers=self._books).audio_codes
        return list(numpy_codes(codes)[0])

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 24 kHz."""
        import torch

        with torch.inference_mode():
            return self._model.decode(tensor_of(np.stack(codes))[None]).audio_values[0, 0].numpy()
