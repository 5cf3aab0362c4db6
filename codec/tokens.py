"""Codes (tokens) of recordings, and speech from them, without a file around them."""

import numpy as np
import numpy.typing as npt

from sottovoce.codec.io.arrays import checked, integer
from sottovoce.codec.loaded import LoadedModel
from sottovoce.codec.offline.codes import decode_code_array, validate_codes
from sottovoce.codec.offline.options import DecodeOptions, TimeSpan
from sottovoce.codec.threads import single_thread
from sottovoce.codec.voice import profiles
from sottovoce.codec.voice.level import normalising_gain
from sottovoce.codec.voice.tracker import voice_of
from sottovoce.models.runtime.encoder import LARGE_GROUP


class TokenCodec(LoadedModel):
    """A model that encodes recordings to codes, and decodes codes to speech."""

    @single_thread()
    def codes(self, wave: npt.ArrayLike, rate: int) -> npt.NDArray[np.int16]:
        """Encode a recording to codes (tokens), without a file around them.

        Parameters
        ----------
        wave, rate
            As for `encode`.

        Returns
        -------
        ndarray of int16 [shape=(steps, num_codebooks)]
            Code book entries, the coarsest book first; `frame_rate` steps per second.

        Raises
        ------
        SottoError
            As `encode` does.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> codec = Codec.load()
        >>> codes = codec.codes(np.zeros(16000), 16000)
        >>> codes.shape == (codec.frame_rate, codec.num_codebooks)
        True
        """
        waves = list(self._blocks(checked(wave), rate))
        gain = normalising_gain(voice_of(self._head(wave, rate), self.model).level)
        encoder = self.model.encoder(self.preset.books, LARGE_GROUP)
        return np.concatenate([*(encoder.push(one * gain) for one in waves), encoder.finish()])

    @single_thread()
    def decode_codes(
        self,
        codes: npt.ArrayLike,
        *,
        speaker: bytes | None = None,
        level: float | None = None,
        speed: float = 1.0,
        voice: bytes | str | None = None,
        seed: int = 0,
    ) -> npt.NDArray[np.float32]:
        """Decode codes (tokens) to speech.

        Parameters
        ----------
        codes : array_like of int [shape=(steps, num_codebooks)]
            As `codes` returns them. A step of -1 only is a lost one, which is concealed.
        speaker : bytes, optional
            Speaker vector, as `speaker` returns it; by default nobody in particular.
        level : float, optional [dBov]
            Active speech level, as `level` returns it; by default that at which the model works.
        speed, voice, seed
            As for `decode`.

        Returns
        -------
        ndarray of float32 [shape=(n,)]
            Whole steps of samples at `sample_rate`, full scale 1.

        Raises
        ------
        SottoError
            When codes are out of range, or an option is not valid.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> codec = Codec.load()
        >>> wave = np.random.default_rng(1).normal(0, 0.1, 16000)
        >>> speech = codec.decode_codes(
        ...     codec.codes(wave, 16000), speaker=codec.speaker(wave, 16000), level=codec.level(wave, 16000)
        ... )
        >>> np.array_equal(speech, codec.decode(codec.encode(wave, 16000)))
        True
        """
        found = validate_codes(codes, self.codebook_sizes)
        options = self._decode_options(seed, speed, voice)
        return decode_code_array(found, self.model, options, speaker, level)

    def _decode_options(
        self, seed: int, speed: float, voice: bytes | str | None, span: TimeSpan | None = None
    ) -> DecodeOptions:
        if isinstance(voice, str):
            voice = profiles.find(voice, self.model)
        return DecodeOptions(integer(seed, "seed", 0, 2**64 - 1), speed, voice, span or TimeSpan())
