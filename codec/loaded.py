"""A loaded model at one of its rates, and what it measures in recordings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from sottovoce.codec import models
from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.arrays import checked, integer
from sottovoce.codec.threads import single_thread
from sottovoce.codec.voice import profiles
from sottovoce.codec.voice.conversion import measure_profile
from sottovoce.codec.voice.level import byte_to_level
from sottovoce.codec.voice.tracker import HEAD_SECONDS, voice_of
from sottovoce.models.audio.channels import mixed
from sottovoce.models.audio.resampling import HIGHEST_RATE, LOWEST_RATE, Resampler
from sottovoce.models.release import Preset, Release


@dataclass(frozen=True)
class LoadedModel:
    """A model at one of its rates; `sottovoce.Codec` is one that encodes and decodes.

    Parameters
    ----------
    model : Release
        The model.
    preset : Preset
        The rate at which it encodes.
    """

    model: Release
    preset: Preset

    @classmethod
    def load(cls, *, model: str = "default", preset: str = "default") -> Self:
        """Load a model.

        Parameters
        ----------
        model : str
            Name of a bundled model, or the path of the weights of another one.
        preset : str
            Rate: a name that ``sotto models`` lists, such as "low", "default", "high" or "max".

        Raises
        ------
        SottoError
            When there is no such model or preset.

        Examples
        --------
        >>> from sottovoce import Codec
        >>> Codec.load(preset="low").preset.name
        'low'
        """
        release = models.by_name(model)
        return cls(release, models.preset_by_name(release, preset))

    @property
    def sample_rate(self) -> int:
        """Sample rate of decoded speech, in Hz."""
        return self.model.sample_rate

    @property
    def frame_rate(self) -> float:
        """Steps (rows of codes) per second."""
        return self.model.sample_rate / self.model.step

    @property
    def num_codebooks(self) -> int:
        """Number of codebooks of the preset: codes per step."""
        return self.preset.books

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        """Number of entries of each codebook of the preset."""
        return tuple(1 << bits for bits in self.preset.bits)

    @property
    def bit_rate(self) -> float:
        """Bits per second of the codes, before entropy coding and without the file around them."""
        return models.bit_rate(self.model, self.preset)

    @single_thread()
    def speaker(self, wave: npt.ArrayLike, rate: int) -> bytes:
        """Return the quantised speaker vector of a recording, as its file has it.

        Parameters
        ----------
        wave, rate
            As for `encode`; the first minute counts.

        Returns
        -------
        bytes

        Raises
        ------
        SottoError
            As `encode` does.
        """
        return voice_of(self._head(wave, rate), self.model).speaker

    def level(self, wave: npt.ArrayLike, rate: int) -> float:
        """Return the active speech level of a recording in dBov, rounded to 0.5 dB as in its file.

        Parameters
        ----------
        wave, rate
            As for `encode`; the first minute counts.

        Returns
        -------
        float

        Raises
        ------
        SottoError
            As `encode` does.
        """
        return byte_to_level(voice_of(self._head(wave, rate), self.model).level)

    @single_thread()
    def voice(self, wave: npt.ArrayLike, rate: int, *more: npt.ArrayLike) -> bytes:
        """Measure the voice of a person, to which `decode` can then convert other speech.

        Parameters
        ----------
        wave, rate
            As for `encode`; the first minute counts.
        *more : array_like [shape=(n,) or (n, channels)]
            Further recordings of the same person, at the same sample rate.

        Returns
        -------
        bytes
            The speaker vector, and the mean and spread of the latents of this voice if any of it is voiced.

        Raises
        ------
        SottoError
            As `encode` does.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> len(Codec.load().voice(np.zeros(16000), 16000))
        8
        """
        return measure_profile([self._head(one, rate) for one in (wave, *more)], self.model)

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of the bundled voices that fit this model, for `decode`."""
        return tuple(profile.name for profile in profiles.bundled_profiles() if profile.fits(self.model))

    def _head(self, wave: npt.ArrayLike, rate: int) -> npt.NDArray[np.float32]:
        """Return the first minute of a recording at the model's rate."""
        head = np.concatenate(list(self._blocks(checked(wave), rate)))[: HEAD_SECONDS * self.sample_rate]
        if not len(head):
            raise SottoError("there are no samples in it", "give a recording")
        return head

    def _blocks(self, wave: npt.NDArray, rate: int) -> Iterator[npt.NDArray[np.float32]]:
        resampler = Resampler(integer(rate, "sample rate", LOWEST_RATE, HIGHEST_RATE), self.sample_rate)
        yield resampler.push(mixed(wave, rate))
        yield resampler.finish()
