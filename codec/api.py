"""The codec for programs: arrays to bytes, and bytes to arrays."""

import io
import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import MAX_PARITY
from sottovoce.codec.encryption import unsealer
from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.io.arrays import CollectedSamples, checked, integer
from sottovoce.codec.messages import MessageCodec
from sottovoce.codec.offline import edit
from sottovoce.codec.offline import tags as tag_lines
from sottovoce.codec.offline.decode import decoding
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.file_decoder import Decoding
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.message_reader import Unseal, open_reader
from sottovoce.codec.offline.options import DecodeOptions, EncodeOptions, TimeSpan
from sottovoce.codec.threads import single_thread
from sottovoce.models.audio.resampling import HIGHEST_RATE, LOWEST_RATE


class Codec(MessageCodec):
    """A model at one of its rates: `Codec.load` returns one.

    Parameters
    ----------
    model : Release
        The model.
    preset : Preset
        The rate at which it encodes. Decoding takes the preset that the file names.
    """

    @single_thread()
    def encode(
        self,
        wave: npt.ArrayLike,
        rate: int,
        *,
        dtx: bool = False,
        tags: Mapping[str, str | Sequence[str]] | None = None,
        protect: int = 0,
    ) -> bytes:
        """Encode a recording.

        Parameters
        ----------
        wave : array_like [shape=(n,) or (n, channels)]
            Floats of full scale 1, or signed integers of full range; at most 255 channels, which are mixed to one.
        rate : int [Hz]
            Sample rate of `wave`, 1000 to 1,000,000.
        dtx : bool
            Discontinuous transmission: whether steps in pauses repeat the one before.
        tags : mapping of str to str or sequence of str, optional
            Tags such as ``{"TITLE": "A talk"}``, of one or more values each.
        protect : int
            Number of parity records after each group of 16 blocks, 0 to 16: as many lost blocks can be restored.

        Returns
        -------
        bytes
            The contents of a ``.sotto`` file.

        Raises
        ------
        SottoError
            When the samples or an option are not valid.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> data = Codec.load().encode(np.zeros((44100, 2), np.int16), 44100)
        >>> data[1:4]
        b'STO'
        """
        array = checked(wave)
        blocks = list(self._blocks(array, rate))
        options = EncodeOptions(
            samples=sum(map(len, blocks)),
            rate=integer(rate, "sample rate", LOWEST_RATE, HIGHEST_RATE),
            channels=array.shape[1] if array.ndim == 2 else 1,
            metadata=tag_lines.pack(tag_lines.lines(tags or {})),
            dtx=dtx,
            protect=integer(protect, "protection", 0, MAX_PARITY),
        )
        data = io.BytesIO()
        encode_stream(blocks, data, self.model, self.preset, options)
        return data.getvalue()

    @single_thread()
    def decode(
        self,
        data: bytes,
        *,
        start: float = 0.0,
        stop: float = math.inf,
        speed: float = 1.0,
        voice: bytes | str | None = None,
        seed: int = 0,
        key: bytes | None = None,
    ) -> npt.NDArray[np.float32]:
        """Decode a file or message of this model or of a bundled one, whatever its preset.

        Damaged blocks are concealed: see `Info.concealed`.

        Parameters
        ----------
        data : bytes
            The contents of a ``.sotto`` file, or of several one after the other.
        start, stop : float [seconds]
            The part to decode, in times of the recording; all of it by default.
        speed : float
            Speaking rate relative to the recording, 0.5 to 2; the pitch does not change.
        voice : bytes or str, optional
            Voice to convert the speech to: as `voice` returns it, a name in `voices`, or the path of a voice profile,
            a recording or a ``.sotto`` file.
        seed : int
            Seed of the random numbers, 0 to 2**64 - 1: the same file and seed give the same samples on every machine.
        key : bytes, optional
            Key of an encrypted message, as `sottovoce.new_key` returns it.

        Returns
        -------
        ndarray of float32 [shape=(n,)]
            Samples at `sample_rate`, full scale 1.

        Raises
        ------
        SottoError
            When this version cannot read the file, or an option is not valid.

        See Also
        --------
        decode_many, decode_codes

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> codec = Codec.load()
        >>> data = codec.encode(np.zeros(8000), 8000)
        >>> codec.decode(data).shape, codec.decode(data, start=0.5).shape
        ((16000,), (8000,))
        """
        return self.decode_many([data], start=start, stop=stop, speed=speed, voice=voice, seed=seed, key=key)[0]

    @single_thread()
    def decode_many(
        self,
        files: Sequence[bytes],
        *,
        start: float = 0.0,
        stop: float = math.inf,
        speed: float = 1.0,
        voice: bytes | str | None = None,
        seed: int = 0,
        key: bytes | None = None,
    ) -> list[npt.NDArray[np.float32]]:
        """Decode several files at once: faster than one after the other, with the same samples.

        Parameters
        ----------
        files : sequence of bytes
            The contents of ``.sotto`` files.
        start, stop, speed, voice, seed, key
            For each file, as for `decode`.

        Returns
        -------
        list of ndarray of float32 [shape=(n,)]

        Raises
        ------
        SottoError
            As `decode` does.
        """
        options = self._decode_options(seed, speed, voice, TimeSpan(start, stop))
        sinks = [CollectedSamples() for _ in files]
        unseal = unsealer(key)
        begins = [partial(self._decoding, data, sink, options, unseal) for data, sink in zip(files, sinks, strict=True)]
        with error_context(""):
            for outcome in run_in_lockstep(begins):
                if isinstance(outcome, Exception):
                    raise outcome
        return [sink.wave() for sink in sinks]

    def cut(self, data: bytes, *, start: float = 0.0, stop: float = math.inf) -> bytes:
        """Copy a part of a file without decoding it.

        Parameters
        ----------
        data : bytes
            The contents of a ``.sotto`` file, or of several one after the other.
        start, stop : float [seconds]
            The part, which is extended to whole steps, or to whole packets at its start.

        Returns
        -------
        bytes
            The contents of a ``.sotto`` file.

        Raises
        ------
        SottoError
            When this version cannot read the file, the part begins after its end, or a block in it is damaged.
        """
        sink = io.BytesIO()
        with error_context(""):
            edit.cut(io.BytesIO(data), sink, TimeSpan(start, stop), known=self.model)
        return sink.getvalue()

    def join(self, files: Sequence[bytes], *, key: bytes | None = None) -> bytes:
        """Join files of the same model, preset and voice, or packets of a message, without decoding them.

        Parameters
        ----------
        files : sequence of bytes
            The contents of ``.sotto`` files, at least one; the last step of each is filled up. Or packets of one
            message in any order: `decode` conceals those that are not among them.
        key : bytes, optional
            Key of encrypted packets.

        Returns
        -------
        bytes
            The contents of a ``.sotto`` file.

        Raises
        ------
        SottoError
            When the files do not fit together, or one is damaged.
        """
        named = {f"file {number}": data for number, data in enumerate(files, 1)}
        if not named:
            raise SottoError("there are no files to join", "give one or more")
        sink = io.BytesIO()
        unseal, opened = unsealer(key), lambda name: nullcontext(io.BytesIO(named[name]))
        edit.join(list(named), sink, known=self.model, unseal=unseal, opened=opened)
        return sink.getvalue()

    def _decoding(self, data: bytes, sink: CollectedSamples, options: DecodeOptions, unseal: Unseal | None) -> Decoding:
        sink.clear()  # of the samples of an attempt that failed
        reader = open_reader(io.BytesIO(data), known=self.model, unseal=unseal)
        return (yield from decoding(reader, lambda model: sink, options, known=self.model))
