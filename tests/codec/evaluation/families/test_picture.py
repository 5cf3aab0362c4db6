import struct
import zlib

import numpy as np
import torch

from sottovoce.codec.evaluation.families.picture import PALETTE, png


def test_a_png_holds_the_picture_upright():
    picture = torch.arange(3 * 80).reshape(3, 80) % 256  # time, band
    data = png(picture)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, place = {}, 8
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        body = data[place + 4 : place + 8 + size]
        assert struct.unpack_from(">I", data, place + 8 + size)[0] == zlib.crc32(body)
        chunks[body[:4]] = body[4:]
        place += 12 + size
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (3, 80, 8, 3, 0, 0, 0)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(80, 4)
    assert (lines[:, 0] == 0).all()
    assert torch.equal(torch.from_numpy(lines[::-1, 1:].T.copy()).long(), picture)  # the lowest band is the last line
    assert np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(256, 3).tolist() == PALETTE.tolist()


def test_louder_is_lighter():
    light = PALETTE.astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light) >= -0.5).all()
    assert light[0] < 1 < 240 < light[-1]
