"""What happens between encoder and decoder: nothing, lost packets, or more generations of coding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers.base import RATE, LossyPeer, Peer, Wave
from sottovoce.codec.evaluation.waves import rounded
from sottovoce.codec.offline.damage import BurstLoss

PACKET = 40
"""Milliseconds of speech in a packet. The same intervals are lost for every codec, whatever its frames are."""


@dataclass(frozen=True)
class Transmission:
    """The way from the encoder to what is measured.

    Parameters
    ----------
    loss : float
        Fraction of the packets that is lost.
    burst : float
        Mean number of packets lost in a row.
    generations : int
        How often the recording is encoded and decoded.
    """

    loss: float = 0.0
    burst: float = 1.0
    generations: int = 1

    @property
    def identity(self) -> str:
        """Text that changes when results can change; empty if nothing happens between encoder and decoder."""
        return "" if self == DIRECT else f"loss {self.loss:g} burst {self.burst:g} tandem {self.generations}"

    def carries(self, codec: Peer) -> bool:
        """Return whether a codec can be measured like this: not all say what they do about lost packets."""
        return not self.loss or isinstance(codec, LossyPeer)

    def lost(self, samples: int, seed: int) -> NDArray[np.bool_]:
        """Return which packets of a recording are lost.

        Parameters
        ----------
        samples : int
            Length of the recording.
        seed : int
            Seed of the random numbers.
        """
        loses = BurstLoss(self.loss, self.burst, seed)
        return np.array([loses() for _ in range(-(-samples * 1000 // (PACKET * RATE)))])

    def decode(self, codec: Peer, data: bytes, samples: int, seed: int) -> Wave:
        """Decode what arrives of an encoded recording.

        Parameters
        ----------
        codec : Peer
            The codec.
        data : bytes
            The encoded recording.
        samples : int
            Its length.
        seed : int
            Seed of the random numbers.

        Raises
        ------
        SottoError
            When packets are lost and the codec cannot conceal that.
        """
        if self.loss:
            if not isinstance(codec, LossyPeer):
                raise SottoError(f"{codec.title} has no concealment of lost packets", "measure it without --loss")
            return codec.decode_lossy(data, self.lost(samples, seed))
        wave = codec.decode(data)
        for _ in range(1, self.generations):
            wave = codec.decode(codec.encode(rounded(wave)))
        return wave


DIRECT = Transmission()
"""Everything arrives."""
