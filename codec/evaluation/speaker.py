"""Is it still the same voice: the cosine between speaker vectors of Resemblyzer."""

import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.models.training.stand_in import pkg_resources


@cache
def _encoder() -> Any:
    import torch

    with pkg_resources():
        from resemblyzer import VoiceEncoder

    torch.set_num_threads(1)  # processes already use the cores
    return VoiceEncoder("cpu", verbose=False)


def voice(wave: Wave) -> NDArray[np.float32]:
    """Return the unit vector (256,) of who speaks (Resemblyzer; Wan et al. 2018, arXiv 1710.10467), NaN of silence."""
    if not wave.any():
        return np.full(256, np.nan, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what will be gone one day
        with pkg_resources():
            from resemblyzer import preprocess_wav

        return _encoder().embed_utterance(preprocess_wav(wave))


def similarity(true: NDArray[np.float32], got: NDArray[np.float32]) -> float | None:
    """Return the cosine between two voices; None where one is of silence."""
    cosine = float(true @ got)
    return cosine if np.isfinite(cosine) else None
