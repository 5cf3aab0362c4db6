"""Messages for programs: short recordings in few bytes."""

import numpy as np
import numpy.typing as npt

from sottovoce.codec.encryption import sealer
from sottovoce.codec.io.arrays import checked
from sottovoce.codec.offline.message_encoder import MessageOptions, encode_message
from sottovoce.codec.tokens import TokenCodec


class MessageCodec(TokenCodec):
    """A model that encodes short recordings to messages."""

    def encode_message(
        self,
        wave: npt.ArrayLike,
        rate: int,
        *,
        mtu: int | None = None,
        speaker_codes: int = 2,
        dtx: bool = False,
        key: bytes | None = None,
        short_tag: bool = False,
    ) -> list[bytes]:
        """Encode a recording of at most a minute to a message, which takes fewer bytes than a file.

        Parameters
        ----------
        wave, rate
            As for `encode`.
        mtu : int, optional
            Most bytes of a packet. A longer message is split into packets that can be decoded alone.
        speaker_codes : int
            Number of bytes for the speaker vector, 0 to 3. With 0 the voice is that of nobody in particular.
        dtx : bool
            Discontinuous transmission: whether steps in pauses repeat the one before.
        key : bytes, optional
            Encrypts the message: 32 bytes, as `sottovoce.new_key` returns them.
        short_tag : bool
            Whether the tag of an encrypted message has 6 instead of 10 bytes.

        Returns
        -------
        list of bytes
            The message, or its packets. `decode` takes one of them, and `join` makes one of several for it.

        Raises
        ------
        SottoError
            When the samples or an option are not valid, the recording is too long, or packets are too small.

        Examples
        --------
        >>> import numpy as np
        >>> from sottovoce import Codec
        >>> codec = Codec.load(preset="low")
        >>> wave = np.random.default_rng(1).normal(0, 0.1, 48000)
        >>> (message,) = codec.encode_message(wave, 16000)
        >>> packets = codec.encode_message(wave, 16000, mtu=51)
        >>> len(packets) > 1, max(map(len, packets)) <= 51
        (True, True)
        >>> codec.decode(message).shape, codec.decode(codec.join(packets)).shape, codec.decode(packets[0]).shape[0] > 0
        ((48000,), (48000,), True)
        """
        blocks = list(self._blocks(checked(wave), rate))
        options = MessageOptions(mtu, speaker_codes, dtx, sealer(key, short_tag=short_tag))
        return encode_message(np.concatenate(blocks), self.model, self.preset, options)
