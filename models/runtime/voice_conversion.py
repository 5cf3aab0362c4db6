"""A voice to lend to others: who speaks, and where the latents of their speech lie.

Latents hold much of a voice themselves, its pitch above all. Those of one speaker are brought to the middle and the
deviations of another's, as adaptive instance normalisation does (AdaIN-VC, arXiv 1904.05742).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.runtime.layers import ACTIVATION_BITS, BOOK_BITS, Array

if TYPE_CHECKING:
    from sottovoce.models.runtime.decoder import DecoderNetwork

LEAST_VOICED = 0.5  # of the frames of a step that counts
STORED = np.dtype("<i2")
UNIT = 2.0 ** (ACTIVATION_BITS - BOOK_BITS)  # of what is stored, in that of the decoder's latents
GAIN_UNIT = 256.0
GAINS = 0.6, 1.6  # deviations of a short recording are chance
# Part of the way between two voices to go beyond the other one, as some of it gets lost (chosen on training's speakers)
SPEAKER_BEYOND, MIDDLE_BEYOND = 0.5, 0.25


class VoiceProfile(NamedTuple):
    """A voice.

    Parameters
    ----------
    speaker : bytes
        Speaker bytes.
    spread : ndarray of int16 (2, latent) or None
        Mean and deviation of the latents of voiced steps, in the unit of stored code books; None where nothing is.
    """

    speaker: bytes
    spread: NDArray[np.int16] | None

    def pack(self) -> bytes:
        """Return it as bytes: those of the speaker, then the spread, if there is one."""
        return self.speaker + (b"" if self.spread is None else self.spread.astype(STORED).tobytes())

    @classmethod
    def unpack(cls, data: bytes, network: DecoderNetwork) -> VoiceProfile:
        """Return what `pack` made of a voice of this model; raise ValueError for bytes of another length."""
        speaker, latent = len(network.speaker_books), network.books[0].shape[1]
        whole = speaker + 2 * STORED.itemsize * latent
        if len(data) not in (speaker, whole):
            raise ValueError(f"a voice of {len(data)} bytes where the model has {whole}")
        spread = np.frombuffer(data[speaker:], STORED).astype(np.int16)
        return cls(data[:speaker], spread.reshape(2, latent) if len(spread) else None)


class VoiceConversion(NamedTuple):
    """How a decoder speaks in another's voice: by this speaker vector, and latents times gain plus shift (latent,)."""

    voice: Array
    gain: Array
    shift: Array


def spread_of(network: DecoderNetwork, codes: NDArray[np.int16], speaker: bytes) -> NDArray[np.int16] | None:
    """The spread of the latents of codes (steps, books) that `speaker` says; None where nothing is voiced.

    Lost steps, of -1, count for nothing. It is exact: integers that float64 carries, and single IEEE operations.
    """
    codes = codes[codes[:, 0] >= 0]
    if not len(codes):
        return None
    voice = network.speaker(speaker)
    latents = sum((book[column] for book, column in zip(network.books, codes.T, strict=False)), np.zeros(1))
    _, _, voicing = network.features(network.conditioning_of(latents, voice, network.preset_of(codes)))
    voiced = voicing.reshape(len(latents), -1) > 0
    counted = latents[voiced.mean(1) >= LEAST_VOICED] / UNIT
    if not len(counted):
        return None
    middle = np.floor(counted.sum(0) / len(counted) + 0.5)
    deviation = np.floor(np.sqrt(np.square(counted - middle).sum(0) / len(counted)) + 0.5)
    limits = np.iinfo(np.int16)
    return np.clip(np.stack((middle, deviation)), limits.min, limits.max).astype(np.int16)


def conversion_between(
    network: DecoderNetwork, voice: bytes, codes: NDArray[np.int16], speaker: bytes
) -> VoiceConversion:
    """What lets codes (steps, books) of `speaker` be spoken in a voice; raise ValueError when it is none of the model.

    Where one of the two voices has no spread, latents stay as they are.
    """
    lent = VoiceProfile.unpack(voice, network)
    source, target = network.speaker(speaker), network.speaker(lent.speaker)
    beyond = target + np.floor((target - source) * SPEAKER_BEYOND)
    spread = spread_of(network, codes, speaker)
    if spread is None or lent.spread is None:
        return VoiceConversion(beyond, np.ones(1), np.zeros(1))
    (here, wide), (there, wide_there) = spread.astype(np.float64), lent.spread.astype(np.float64)
    gain = np.floor(np.clip(wide_there / np.maximum(wide, 1), *GAINS) * GAIN_UNIT + 0.5) / GAIN_UNIT
    goal = there + (there - here) * MIDDLE_BEYOND
    return VoiceConversion(beyond, gain, (goal - here * gain) * UNIT)
