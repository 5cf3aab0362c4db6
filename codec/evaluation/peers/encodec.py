"""EnCodec at 24 kHz (Défossez et al. 2022, arXiv 2210.13438) by the package encodec."""

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, numpy_codes, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"6": 6.0, "3": 3.0, "1.5": 1.5}
"""kbit/s by name; 750 bit/s for each book."""

CHECKPOINT = "encodec_24khz-d7cc33bc.th"


class Encodec(CodesPeer):
    """EnCodec at one of its rates, without its language model.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("encodec", "encodec", "pip install encodec")
        folder = weights(settings, "encodec", CHECKPOINT, source="the encodec release v0")
        from encodec import EncodecModel

        self._model = EncodecModel.encodec_model_24khz(repository=folder)
        self._model.set_target_bandwidth(MODES[mode])
        books = int(MODES[mode] / 0.75)
        title = f"EnCodec {mode} kbit/s"
        super().__init__(f"encodec:{mode}", title, "encodec", input_rate=24000, sizes=[1024] * books, step_rate=75)

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book."""
        import torch

        with torch.inference_mode():
            ((codes, _),) = self._model.encode(tensor_of(wave)[None, None])
        return list(numpy_codes(codes)[0])

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 24 kHz."""
        import torch

        with torch.inference_mode():
            return self._model.decode([(tensor_of(np.stack(codes))[None], None)])[0, 0].numpy()
