"""The codec for programs: arrays to bytes and back."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sottovoce.codec import releases
from sottovoce.codec.audio import Resampler, mono
from sottovoce.codec.bits import Reader
from sottovoce.codec.errors import concerning
from sottovoce.codec.stream import Decoding, decoding, encode_stream, run_together
from sottovoce.models.release import Preset, Release


@dataclass(frozen=True)
class Codec:
    """A model at one of its rates. `Codec.load` makes one.

    Parameters
    ----------
    model : Release
        The model.
    preset : Preset
        The rate at which it encodes. Decoding takes that of the file.
    """

    model: Release
    preset: Preset

    @classmethod
    def load(cls, preset: str = "default", model: str = "default") -> "Codec":
        """Load a model.

        Parameters
        ----------
        preset : str
            Rate: a name that ``sotto models`` lists, such as "low", "default", "high" or "max".
        model : str
            Name of a model in the box, or the path of its weights.

        Raises
        ------
        SottoError
            When there is no such model or preset.

        Examples
        --------
        >>> from sottovoce.codec import Codec
        >>> Codec.load("low").preset.name
        'low'
        """
        release = releases.by_name(model)
        return cls(release, releases.preset_by_name(release, preset))

    @property
    def sample_rate(self) -> int:
        """Hz of decoded speech."""
        return self.model.sample_rate

    @property
    def bit_rate(self) -> float:
        """Bits that a second of codes takes, without the file around them."""
        return releases.bit_rate(self.model, self.preset)

    def encode(self, wave: npt.ArrayLike, sample_rate: int) -> bytes:
        """Encode a recording.

        Parameters
        ----------
        wave : array_like [samples] or [samples, channels]
            Floats of full scale 1, or signed integers of full range.
        sample_rate : int
            Hz; any.

        Returns
        -------
        bytes
            The contents of a ``.sotto`` file.

        Raises
        ------
        SottoError
            When there are no samples, or some aren't finite.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> data = Codec.load().encode(np.zeros((44100, 2), np.int16), 44100)
        >>> data[1:4]
        b'STO'
        """
        array = np.asarray(wave)
        blocks = list(self._blocks(array, sample_rate))
        data = io.BytesIO()
        encode_stream(
            blocks,
            data,
            self.model,
            self.preset,
            samples=sum(map(len, blocks)),
            rate=sample_rate,
            channels=array.shape[1] if array.ndim == 2 else 1,
        )
        return data.getvalue()

    def decode(self, data: bytes, seed: int = 0) -> npt.NDArray[np.float32]:
        """Decode a file, whichever model in the box and preset it was made with. Damaged blocks are concealed.

        Parameters
        ----------
        data : bytes
            The contents of a ``.sotto`` file.
        seed : int
            Of the random numbers: the same file and seed give the same samples, everywhere.

        Returns
        -------
        ndarray of float32 [samples]
            At the model's rate, full scale 1.

        Raises
        ------
        SottoError
            When it isn't a file that this version can read.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> codec = Codec.load()
        >>> wave = codec.decode(codec.encode(np.zeros(8000), 8000))
        >>> wave.shape, wave.dtype
        ((16000,), dtype('float32'))
        """
        return self.decode_many([data], seed)[0]

    def decode_many(self, files: Sequence[bytes], seed: int = 0) -> list[npt.NDArray[np.float32]]:
        """Decode several files at once, which is quicker than one after the other; the samples are the same.

        Parameters
        ----------
        files : sequence of bytes
            The contents of ``.sotto`` files.
        seed : int
            Of the random numbers, for each.

        Returns
        -------
        list of ndarray of float32 [samples]

        Raises
        ------
        SottoError
            When one of them isn't a file that this version can read.
        """
        sinks = [_Collected() for _ in files]
        with concerning(""):
            for outcome in run_together([self._decoding(*pair, seed) for pair in zip(files, sinks, strict=True)]):
                if isinstance(outcome, Exception):
                    raise outcome
        return [sink.wave() for sink in sinks]

    def codes(self, wave: npt.ArrayLike, sample_rate: int) -> npt.NDArray[np.int16]:
        """Encode a recording to the codes themselves, for those who want to look at or learn from them.

        Parameters
        ----------
        wave, sample_rate
            As for `encode`.

        Returns
        -------
        ndarray of int16 [steps, books]
            Code book entries, the coarsest book first.

        Raises
        ------
        SottoError
            As `encode` does.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> codec = Codec.load()
        >>> codes = codec.codes(np.zeros(16000), 16000)
        >>> codes.shape == (25, codec.preset.books)
        True
        """
        reader = Reader(io.BytesIO(self.encode(wave, sample_rate)))
        blocks = reader.blocks(self.preset.bits, step=self.model.step)
        return np.concatenate([block.codes for block in blocks if block.codes is not None])

    def _decoding(self, data: bytes, sink: "_Collected", seed: int) -> Decoding:
        return decoding(io.BytesIO(data), lambda model, samples: sink, seed=seed, known=self.model)

    def _blocks(self, wave: npt.NDArray, sample_rate: int) -> Iterator[npt.NDArray[np.float32]]:
        resampler = Resampler(sample_rate, self.sample_rate)
        yield resampler.push(mono(wave))
        yield resampler.finish()


class _Collected:
    """A sink that keeps the samples."""

    def __init__(self) -> None:
        self._waves: list[npt.NDArray[np.int16]] = []

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        self._waves.append(wave)

    def close(self) -> None:
        pass

    def wave(self) -> npt.NDArray[np.float32]:
        return np.concatenate(self._waves).astype(np.float32) / np.float32(32768)
