"""Simulate what bad links do to packets and files."""

import io

import numpy as np

from sottovoce.codec.bits import Reader
from sottovoce.codec.bits.message import is_message
from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import by_id, preset_by_index
from sottovoce.models.release import Release


class BurstLoss:
    """A link that loses packets in bursts (Gilbert 1960, Bell System Technical Journal 39; its bad state loses all).

    Parameters
    ----------
    loss : float
        Fraction of the packets that is lost, 0 to below 1.
    burst : float
        Mean number of packets lost in a row, 1 or more.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, loss: float, burst: float = 1.0, seed: int = 0) -> None:
        if not (0 <= loss < 1 and burst >= 1):
            raise ValueError("a loss is 0 to below 1, a burst 1 packet or more")
        self._end = 1 / burst
        self._begin = min(1.0, loss / (1 - loss) / burst)
        self._random = np.random.default_rng(seed)
        self._bad = self._random.random() < loss

    def __call__(self) -> bool:
        """Return whether the next packet is lost."""
        lost = bool(self._bad)
        self._bad = self._random.random() < (1 - self._end if lost else self._begin)
        return lost


def damaged(
    data: bytes,
    *,
    loss: float = 0.0,
    burst: float = 1.0,
    errors: float = 0.0,
    seed: int = 0,
    known: Release | None = None,
) -> bytes:
    """Return a file as a bad link would deliver it. Its header, or the first one of a protected file, stays whole.

    Parameters
    ----------
    data : bytes
        The contents of a ``.sotto`` file.
    loss, burst : float
        Fraction of its blocks, packets and parity records that is set to zero, and their mean number in a row: see
        `BurstLoss`.
    errors : float
        Fraction of all bits that is flipped.
    seed : int
        Seed of the random numbers.
    known : Release, optional
        A model that the file may be of, besides the bundled ones.

    Raises
    ------
    FormatError, SottoError
        When this version cannot read the file.
    """
    if is_message(data):
        raise SottoError("a message, which has no blocks", "split it with --mtu, and leave out packets")
    loses, random = BurstLoss(loss, burst, seed), np.random.default_rng([seed, 1])
    body = np.frombuffer(data, np.uint8).copy()
    reader: Reader | None = Reader(io.BytesIO(data))
    while reader:
        model = by_id(reader.header.model, known)
        preset = preset_by_index(model, reader.header.preset)
        for start, stop in reader.spans(preset.bits, step=model.step):
            if loses():
                body[start:stop] = 0
        flips = random.random((reader.taken - reader.body, 8)) < errors
        body[reader.body : reader.taken] ^= np.packbits(flips, axis=1)[:, 0]
        reader = reader.another()
    return body.tobytes()
