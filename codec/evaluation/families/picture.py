"""Log-mel levels as a PNG picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from torch import Tensor

COLOURS = (
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85),
    (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164),
)  # fmt: skip
"""Dark to light, even in lightness, fit for colour-blind eyes (after matplotlib's inferno), as on the page of `sotto
evaluate`."""

_places = np.linspace(0, 1, len(COLOURS))
_shades = np.stack([np.interp(np.linspace(0, 1, 256), _places, part) for part in zip(*COLOURS, strict=True)], 1)
PALETTE = np.rint(_shades).astype(np.uint8)


def png(picture: Tensor) -> bytes:
    """A picture (F, 80) of levels 0..255 as PNG with a palette: time to the right, low bands below (PNG, ISO 15948)."""
    rows = picture.numpy().T[::-1].astype(np.uint8)
    height, width = rows.shape
    lines = np.pad(rows, ((0, 0), (1, 0)))  # each begins with its filter, none
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", PALETTE.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
