"""Voice conversion: another speaker vector, and latents normalised to another speaker's mean and deviation.

Latents contain much of a voice, above all its pitch. Those of one speaker are therefore shifted and scaled to the mean
and deviation of another one, as in adaptive instance normalisation (AdaIN-VC, arXiv 1904.05742).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sottovoce.models.runtime.layers import ACTIVATION_BITS, BOOK_BITS, Array

if TYPE_CHECKING:
    from sottovoce.models.runtime.network import DecoderNetwork

MIN_VOICED_SHARE = 0.5  # of the frames of a step that enters the statistics
STORED = np.dtype("<i2")
UNIT = 2.0 ** (ACTIVATION_BITS - BOOK_BITS)  # of stored statistics, in the unit of the decoder's latents
GAIN_UNIT = 256.0
GAINS = 0.6, 1.6  # limits, as deviations of short recordings are unreliable
# Overshoot over the target voice, as a fraction of the difference, as part of the conversion is lost; chosen on
# speakers of the training set.
SPEAKER_OVERSHOOT, MEAN_OVERSHOOT = 0.5, 0.25


class VoiceProfile(NamedTuple):
    """A voice: speaker vector, and statistics of its latents.

    Attributes
    ----------
    speaker : bytes
        The quantised speaker vector.
    spread : ndarray of int16 [shape=(2, latent)] or None
        Mean and deviation of the latents of voiced steps, in the unit of stored codebooks; None without voiced steps.
    """

    speaker: bytes
    spread: NDArray[np.int16] | None

    def pack(self) -> bytes:
        """Return it as bytes: speaker vector, then the statistics, if any."""
        return self.speaker + (b"" if self.spread is None else self.spread.astype(STORED).tobytes())

    @classmethod
    def unpack(cls, data: bytes, network: DecoderNetwork) -> VoiceProfile:
        """Read the bytes that `pack` returned for a voice of this model; raise ValueError for another length."""
        speaker, latent = len(network.speaker_books), network.books[0].shape[1]
        whole = speaker + 2 * STORED.itemsize * latent
        if len(data) not in (speaker, whole):
            raise ValueError(f"a voice of {len(data)} bytes, not of the {whole} of this model")
        spread = np.frombuffer(data[speaker:], STORED).astype(np.int16)
        return cls(data[:speaker], spread.reshape(2, latent) if len(spread) else None)


class VoiceConversion(NamedTuple):
    """Parameters of a decoder that converts a voice: its speaker vector, and gain and shift of latents (latent,)."""

    voice: Array
    gain: Array
    shift: Array


def latent_statistics(network: DecoderNetwork, codes: NDArray[np.int16], speaker: bytes) -> NDArray[np.int16] | None:
    """Compute mean and deviation of the latents of voiced steps.

    The computation is exact: integers that float64 represents, and single IEEE operations.

    Parameters
    ----------
    network : DecoderNetwork
    codes : ndarray of int16 [shape=(steps, books)]
        Lost steps, of -1, are ignored.
    speaker : bytes
        The quantised speaker vector of the codes.

    Returns
    -------
    ndarray of int16 [shape=(2, latent)] or None
        None without voiced steps.
    """
    codes = codes[codes[:, 0] >= 0]
    if not len(codes):
        return None
    voice = network.speaker(speaker)
    latents = network.latents(codes)
    _, _, voicing = network.features(network.run_conditioner(latents, voice, network.preset_of(codes)))
    voiced = voicing.reshape(len(latents), -1) > 0
    counted = latents[voiced.mean(1) >= MIN_VOICED_SHARE] / UNIT
    if not len(counted):
        return None
    middle = np.floor(counted.sum(0) / len(counted) + 0.5)
    deviation = np.floor(np.sqrt(np.square(counted - middle).sum(0) / len(counted)) + 0.5)
    limits = np.iinfo(np.int16)
    return np.clip(np.stack((middle, deviation)), limits.min, limits.max).astype(np.int16)


def conversion_between(
    network: DecoderNetwork, voice: bytes, codes: NDArray[np.int16], speaker: bytes
) -> VoiceConversion:
    """Compute how a decoder converts codes to another voice.

    Latents are not changed if one of the two voices has no statistics.

    Parameters
    ----------
    network : DecoderNetwork
    voice : bytes
        The target voice, packed.
    codes : ndarray of int16 [shape=(steps, books)]
        Codes of the source speaker.
    speaker : bytes
        Speaker vector of the source.

    Returns
    -------
    VoiceConversion

    Raises
    ------
    ValueError
        When `voice` is not of this model.
    """
    profile = VoiceProfile.unpack(voice, network)
    source, target = network.speaker(speaker), network.speaker(profile.speaker)
    overshot = target + np.floor((target - source) * SPEAKER_OVERSHOOT)
    spread = latent_statistics(network, codes, speaker)
    if spread is None or profile.spread is None:
        return VoiceConversion(overshot, np.ones(1), np.zeros(1))
    (mean, deviation), (target_mean, target_deviation) = spread.astype(np.float64), profile.spread.astype(np.float64)
    gain = np.floor(np.clip(target_deviation / np.maximum(deviation, 1), *GAINS) * GAIN_UNIT + 0.5) / GAIN_UNIT
    goal = target_mean + (target_mean - mean) * MEAN_OVERSHOOT
    return VoiceConversion(overshot, gain, (goal - mean * gain) * UNIT)
