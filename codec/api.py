"""The codec for programs: arrays to bytes and back."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from sottovoce.codec import models
from sottovoce.codec.bits import MOST_PARITY, Reader
from sottovoce.codec.errors import SottoError, concerning
from sottovoce.codec.io.arrays import CollectedSamples, checked, integer
from sottovoce.codec.io.audio import HIGHEST_RATE, LOWEST_RATE, Resampler, mono
from sottovoce.codec.models import blocks_of
from sottovoce.codec.offline.decode import Decoding, decoding
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.lockstep import run_together
from sottovoce.codec.offline.options import Delivery
from sottovoce.codec.voice.conversion import likeness_of
from sottovoce.codec.voice.tracker import HEAD_SECONDS
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
    def load(cls, *, model: str = "default", preset: str = "default") -> "Codec":
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
        >>> from sottovoce.codec import Codec
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

    def encode(self, wave: npt.ArrayLike, sample_rate: int, *, protect: int = 0) -> bytes:
        """Encode a recording.

        Parameters
        ----------
        wave : array_like [samples] or [samples, channels]
            Floats of full scale 1, or signed integers of full range; at most 255 channels.
        sample_rate : int
            Hz; an integer of any type, 1000 to 1,000,000.
        protect : int
            Parity records after each 16 blocks of two seconds, 0 to 16: so many of these can be lost, and nothing is.

        Returns
        -------
        bytes
            The contents of a ``.sotto`` file.

        Raises
        ------
        SottoError
            When there are no samples, some aren't finite, channels come before samples, the rate or protection is no
            such integer, or the model can't protect.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> data = Codec.load().encode(np.zeros((44100, 2), np.int16), 44100)
        >>> data[1:4]
        b'STO'
        """
        array = checked(wave)
        sample_rate = integer(sample_rate, "sample rate", LOWEST_RATE, HIGHEST_RATE)
        protect = integer(protect, "protection", 0, MOST_PARITY)
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
            protect=protect,
        )
        return data.getvalue()

    def decode(
        self, data: bytes, seed: int = 0, *, speed: float = 1.0, speaker: bytes | None = None
    ) -> npt.NDArray[np.float32]:
        """Decode a file, whichever model in the box and preset it was made with. Damaged blocks are concealed.

        Parameters
        ----------
        data : bytes
            The contents of a ``.sotto`` file.
        seed : int
            Of the random numbers, 0 to 2**64 - 1: the same file and seed give the same samples, everywhere.
        speed : float
            0.5 to 2, in the same pitch.
        speaker : bytes, optional
            The voice of somebody else, in which it is spoken: see `speaker`.

        Returns
        -------
        ndarray of float32 [samples]
            At the model's rate, full scale 1.

        Raises
        ------
        SottoError
            When it isn't a file that this version can read, or seed, speed or speaker are nothing of that kind.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> codec = Codec.load()
        >>> wave = codec.decode(codec.encode(np.zeros(8000), 8000))
        >>> wave.shape, wave.dtype
        ((16000,), dtype('float32'))
        """
        return self.decode_many([data], seed, speed=speed, speaker=speaker)[0]

    def decode_many(
        self, files: Sequence[bytes], seed: int = 0, *, speed: float = 1.0, speaker: bytes | None = None
    ) -> list[npt.NDArray[np.float32]]:
        """Decode several files at once, which is quicker than one after the other; the samples are the same.

        Parameters
        ----------
        files : sequence of bytes
            The contents of ``.sotto`` files.
        seed, speed, speaker
            For each, as for `decode`.

        Returns
        -------
        list of ndarray of float32 [samples]

        Raises
        ------
        SottoError
            As `decode` does.
        """
        delivery = Delivery(integer(seed, "seed", 0, 2**64 - 1), speed, speaker)
        sinks = [CollectedSamples() for _ in files]
        begins = [partial(self._decoding, data, sink, delivery) for data, sink in zip(files, sinks, strict=True)]
        with concerning(""):
            for outcome in run_together(begins):
                if isinstance(outcome, Exception):
                    raise outcome
        return [sink.wave() for sink in sinks]

    def speaker(self, wave: npt.ArrayLike, sample_rate: int) -> bytes:
        """Tell in whose voice a recording is, for `decode` to lend it to others.

        Parameters
        ----------
        wave, sample_rate
            As for `encode`.

        Returns
        -------
        bytes
            The speaker vector, as files have it, and where the latents of this voice lie, if any of it is voiced.

        Raises
        ------
        SottoError
            As `encode` does.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce.codec import Codec
        >>> len(Codec.load().speaker(np.zeros(16000), 16000))
        8
        """
        blocks = self._blocks(checked(wave), integer(sample_rate, "sample rate", LOWEST_RATE, HIGHEST_RATE))
        head = np.concatenate(list(blocks))[: HEAD_SECONDS * self.sample_rate]
        if not len(head):
            raise SottoError("there are no samples in it", "give a recording")
        return likeness_of([head], self.model)

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
        blocks = blocks_of(reader, self.model, self.preset)
        return np.concatenate([block.codes for block in blocks if block.codes is not None])

    def _decoding(self, data: bytes, sink: "CollectedSamples", delivery: Delivery) -> Decoding:
        sink.clear()  # of what an earlier attempt left
        return (yield from decoding(Reader(io.BytesIO(data)), lambda model: sink, delivery, known=self.model))

    def _blocks(self, wave: npt.NDArray, sample_rate: int) -> Iterator[npt.NDArray[np.float32]]:
        resampler = Resampler(sample_rate, self.sample_rate)
        yield resampler.push(mono(wave))
        yield resampler.finish()
