"""Speech through a model and a range coder to bytes and back, bit by bit: the proof that a model's bits are real.

Both ends ask the model for p(next sample | past) in the same steps and trust that the same numbers come out, so a file
is read back where it was made: by the same model, the same library on the same kind of machine, in the same batch. It
proves the bits, and is no format to keep things in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from sottovoce.codec.bits import FormatError, varint
from sottovoce.codec.bits.crc import CRC_BYTES, append_crc, crc16, has_valid_crc
from sottovoce.codec.bits.range_coder import TOTAL_BITS, RangeDecoder, RangeEncoder
from sottovoce.codec.bits.source import Source
from sottovoce.models.families.base import Autoregressive
from sottovoce.models.families.classes import SILENCE

MAGIC = b"\x89STL"
_ID = 4  # bytes of a model's identity in a file
_HALF = 16  # a class is coded as its high and its low four bits
_LEAST = 1e-30  # of a probability, so that halves of impossible classes have some, too
_DAMAGED = "get the file again"


@torch.no_grad()
def compress(family: Autoregressive, x: Tensor) -> list[bytes]:
    """Return a file for each row of x (B, T), mu-law classes."""
    batch, length = x.shape
    rows = x.tolist()
    encoders = [RangeEncoder() for _ in range(batch)]
    state, last = family.start(batch), torch.full((batch,), SILENCE)
    for t in range(length):
        logits, state = family.step(last, state)
        for encoder, row, high, low in zip(encoders, rows, *halves(logits), strict=True):
            first, second = divmod(row[t], _HALF)
            for starts, half in ((high, first), (low[first], second)):
                place = int(starts[half])
                encoder.encode(place, int(starts[half + 1]) - place, TOTAL_BITS)
        last = x[:, t]
    head = MAGIC + identity(family)[:_ID] + varint.encode(length)
    return [append_crc(head + _check(row) + one.finish()) for row, one in zip(rows, encoders, strict=True)]


@torch.no_grad()
def decompress(family: Autoregressive, files: Sequence[bytes]) -> Tensor:
    """Return the classes (B, T) that `compress` made these files of, given in the same order.

    Raises
    ------
    FormatError
        When a file is damaged, of another model or another batch, or this machine's model foresees other things.
    """
    opened = [_open(file, identity(family)[:_ID]) for file in files]
    if len({length for length, _, _ in opened}) != 1:
        raise FormatError("the files are not of one batch", "give those that were compressed together")
    batch, length = len(opened), opened[0][0]
    decoders = [RangeDecoder(payload) for _, _, payload in opened]
    out = torch.empty(batch, length, dtype=torch.long)
    state, last = family.start(batch), torch.full((batch,), SILENCE)
    for t in range(length):
        logits, state = family.step(last, state)
        for row, (decoder, high, low) in enumerate(zip(decoders, *halves(logits), strict=True)):
            first = _read(decoder, high)
            out[row, t] = first * _HALF + _read(decoder, low[first])
        last = out[:, t]
    for row, (_, check, _) in zip(out.tolist(), opened, strict=True):
        if _check(row) != check:
            raise FormatError("other samples come out than went in", "decompress it where it was made")
    return out


def _read(decoder: RangeDecoder, starts: NDArray[np.int64]) -> int:
    half = int(np.searchsorted(starts, decoder.target(TOTAL_BITS), "right")) - 1
    place = int(starts[half])
    decoder.advance(place, int(starts[half + 1]) - place)
    return half


def halves(logits: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Intervals of the high four bits, (B, 17), and of the low ones given each of these, (B, 16, 17), of (B, 256).

    In two steps, so that a class may take up to 32 bits: models are made to pay for surprises, which a file of 16-bit
    frequencies alone would let off. No class takes more than .0008 bits too many.
    """
    chances = (F.softmax(logits.double(), -1) + _LEAST).unflatten(-1, (_HALF, _HALF)).numpy()
    return intervals(chances.sum(-1)), intervals(chances)


def intervals(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where the frequencies of each begin, (..., n + 1) from 0 to 2**16, of positive weights (..., n); at least one."""
    count = weights.shape[-1]
    cumulative = weights.cumsum(-1)
    starts = np.zeros((*weights.shape[:-1], count + 1), np.int64)
    starts[..., 1:] = cumulative / cumulative[..., -1:] * ((1 << TOTAL_BITS) - count) + np.arange(1, count + 1)
    return starts


def identity(family: Autoregressive) -> bytes:
    """SHA-256 of a family: what it is, and its weights."""
    told = hashlib.sha256(type(family).__name__.encode())
    for name, value in family.state_dict().items():
        told.update(name.encode())
        if isinstance(value, Tensor):
            told.update(value.contiguous().numpy().tobytes())
    return told.digest()


def _check(row: Sequence[int]) -> bytes:
    return crc16(bytes(row)).to_bytes(CRC_BYTES, "little")


def _open(file: bytes, family: bytes) -> tuple[int, bytes, bytes]:
    """Return length, checksum of the samples, and payload."""
    if not file.startswith(MAGIC):
        raise FormatError("no losslessly compressed speech", "give a file that `compress` made")
    found = varint.peek(Source(io.BytesIO(file)), len(MAGIC) + _ID)
    if found is None or not has_valid_crc(file):
        raise FormatError("damaged", _DAMAGED)
    if file[len(MAGIC) :][:_ID] != family:
        raise FormatError("of another model", "give the one that it was made with")
    length, place = found
    return length, file[place : place + CRC_BYTES], file[place + CRC_BYTES : -CRC_BYTES]
