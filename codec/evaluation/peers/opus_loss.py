"""Opus with lost packets: packets of an Ogg file are decoded by libopus, which conceals those that are missing.

opusdec can drop packets too, but at random and not the same ones for every codec.
"""

import ctypes
import ctypes.util
import struct
from collections.abc import Iterator
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from sottovoce.codec.errors import SottoError
from sottovoce.codec.evaluation.peers.base import RATE, Wave

HEADERS = 2
"""Packets before the sound: OpusHead and OpusTags (RFC 7845)."""

OPUS_RATE = 48000
"""Hz of the decoder and of positions in Ogg Opus."""

LONGEST = 120 * OPUS_RATE // 1000
"""Samples of the longest packet."""


def packets(data: bytes) -> Iterator[bytes]:
    """Yield the packets of an Ogg file (RFC 3533)."""
    at, packet = 0, b""
    while at < len(data):
        segments = data[at + 26]
        sizes = data[at + 27 : at + 27 + segments]
        at += 27 + segments
        for size in sizes:
            packet += data[at : at + size]
            at += size
            if size < 255:
                yield packet
                packet = b""


def last_position(data: bytes) -> int:
    """Return the position of the end of the sound in samples at 48 kHz."""
    return int(struct.unpack_from("<q", data, data.rindex(b"OggS") + 6)[0])


@cache
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("opus")
    if name is None:
        raise SottoError("libopus is not installed", "apt install libopus0")
    library = ctypes.CDLL(name)
    library.opus_decoder_create.restype = ctypes.c_void_p
    return library


class _Decoder:
    """A decoder of libopus at 48 kHz, its own rate."""

    def __init__(self) -> None:
        error = ctypes.c_int()
        self._handle = ctypes.c_void_p(_library().opus_decoder_create(OPUS_RATE, 1, ctypes.byref(error)))
        self._samples = np.zeros(LONGEST, np.float32)

    def close(self) -> None:
        _library().opus_decoder_destroy(self._handle)

    def decode(self, packet: bytes | None, samples: int) -> Wave:
        """Decode a packet of the given number of samples; None is a lost packet."""
        count = _library().opus_decode_float(
            self._handle,
            packet,
            ctypes.c_int32(len(packet or b"")),
            self._samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
            ctypes.c_int(samples if packet is None else LONGEST),
            ctypes.c_int(0),
        )
        if count < 0:
            raise SottoError(f"libopus failed (error {count})", "encode the recording again")
        return self._samples[:count].copy()


def decode_lossy(data: bytes, lost: NDArray[np.bool_]) -> Wave:
    """Decode an Ogg Opus file of which packets are lost.

    Parameters
    ----------
    data : bytes
        The file; its packets have 20 ms, as opusenc writes them.
    lost : ndarray of bool [shape=(packets,)]
        Intervals of 40 ms that are lost.
    """
    head, _, *sound = packets(data)
    skip = struct.unpack_from("<H", head, 10)[0]
    decoder = _Decoder()
    try:
        frames = [
            decoder.decode(None if i // 2 < len(lost) and lost[i // 2] else packet, OPUS_RATE // 50)
            for i, packet in enumerate(sound)
        ]
    finally:
        decoder.close()
    return soxr.resample(np.concatenate(frames)[skip : last_position(data)], OPUS_RATE, RATE, "VHQ")
