"""Log-mels made audible without a network."""

from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import MissingProgram, Wave
from sottovoce.models.features import HOP, WINDOW, mel_matrix

INVERTING, PHASING = 100, 60
"""Rounds to find non-negative spectra, and their phase."""


def griffin_lim(mel: NDArray[np.float32]) -> Wave:
    """Return a wave that has nearly the given log-mel.

    The non-negative inverse of the mel filters (by the multiplicative updates of Lee and Seung, NIPS 2000), then
    the fast Griffin-Lim algorithm (Perraudin et al., WASPAA 2013) of librosa.

    Parameters
    ----------
    mel : ndarray of float32 [frames, bands]
        Of `models.features.log_mel`.

    Returns
    -------
    ndarray of float32 [samples]
        `HOP` a frame, and half of one before them.
    """
    import librosa

    filters, target = mel_matrix(), np.exp(np.pad(mel, ((0, 1), (0, 0)), "edge").T)  # librosa wants a frame at the end
    power = filters.T @ target + np.float32(1e-9)
    for _ in range(INVERTING):
        power *= (filters.T @ target + 1e-12) / (filters.T @ (filters @ power) + 1e-12)
    wave = librosa.griffinlim(
        np.sqrt(power),
        n_iter=PHASING,
        n_fft=512,
        win_length=WINDOW,
        hop_length=HOP,
        length=HOP * len(mel),
        random_state=0,
    )
    return np.pad(wave, (HOP // 2, 0)).astype(np.float32)  # librosa's frames are centred half a hop before ours


def librosa_version() -> str:
    """Return the version of what finds the phase.

    Raises
    ------
    MissingProgram
        When it isn't installed.
    """
    try:
        return metadata.version("librosa")
    except metadata.PackageNotFoundError as error:
        raise MissingProgram("pip install 'sottovoce[eval]'") from error
