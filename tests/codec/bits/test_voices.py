"""Changes of level and speaker within entropy coded blocks."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import by_the_page
from helpers.coded_toy import CodedToy

from sottovoce.codec.bits import Header, Reader, Voice, VoiceChange, Writer
from sottovoce.codec.bits.voices import most_bytes_of_changes, pack_changes, unpack_changes
from sottovoce.codec.bits.writer import REPEATED_BLOCKS

WIDTHS = (10, 7, 7)
ANN, BOB = b"ann", b"bob"
CHANGES = (VoiceChange(0, Voice(7, ANN)), VoiceChange(3, Voice(200, BOB)), VoiceChange(49, Voice(0, BOB)))


def written(changes, steps: int = 130, parity: int = 0, known: bool = True) -> tuple[bytes, np.ndarray]:
    codes = np.random.default_rng(0).integers(0, 1 << np.array(WIDTHS), (steps, 3), np.int16)
    stream = io.BytesIO()
    header = Header(b"abcd", 1, steps * 640 if known else None, 16000, 1, 99, ANN, coded=True, protection=parity)
    toy = CodedToy(SimpleNamespace(bits=WIDTHS))
    writer = Writer(stream, header, WIDTHS, step=640, coder=toy)
    for step, voice in changes:
        writer.change_voice(step, voice)
    for at in range(0, steps, 7):
        writer.write(codes[at : at + 7])
    writer.close(steps * 640)
    return stream.getvalue(), codes


def voices_in(data: bytes) -> tuple[list[tuple[int, int, bytes]], list]:
    reader = Reader(io.BytesIO(data))
    blocks = list(reader.blocks(WIDTHS, step=640, coder=CodedToy(SimpleNamespace(bits=WIDTHS))))
    found = [(50 * n + step, *voice) for n, block in enumerate(blocks) for step, voice in block.changes]
    return found, blocks


def test_bytes():
    packed = pack_changes(CHANGES, ANN)
    assert packed == b"\x80\x07\xc3\xc8bob\x31\x00"
    assert unpack_changes(packed + b"codes", 50, ANN) == (CHANGES, b"codes")
    assert pack_changes(CHANGES[:1], ANN, again=True) == b"\x40\x07ann"
    assert len(packed) <= most_bytes_of_changes(50, 3)


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"\x80\x07", b"\x40\x07bo", b"\x05\x07", b"\x82\x07\x02\x08", b"\x83\x07\x02\x08"]
)
def test_bytes_that_are_not_valid(data):
    assert unpack_changes(data, 5, ANN) is None


@pytest.mark.parametrize("parity", [0, 2])
@pytest.mark.parametrize("known", [True, False])
def test_changes_are_read_as_they_were_written(parity, known, monkeypatch):
    changes = [(10, Voice(50, ANN)), (50, Voice(60, BOB)), (52, Voice(60, ANN)), (129, Voice(99, ANN))]
    data, codes = written(changes, parity=parity, known=known)
    found, blocks = voices_in(data)
    assert found == [(step, *voice) for step, voice in changes]
    assert np.array_equal(np.concatenate([block.codes for block in blocks]), codes)

    class Context:
        def __init__(self, *what) -> None:
            self.toy = CodedToy(SimpleNamespace(bits=WIDTHS))
            self.toy.reset()

        def decode(self, payload: bytes, steps: int, held) -> list[list[int]]:
            return self.toy.decode(payload, steps).tolist()

    monkeypatch.setattr(by_the_page, "Context", Context)
    file = by_the_page.read(data, lambda preset: WIDTHS)
    assert file.voices == found and file.codes == codes.tolist()


def test_a_voice_that_stays_the_same_takes_no_bytes():
    assert written([(20, Voice(99, ANN)), (70, Voice(99, ANN))])[0] == written([])[0]


def test_a_voice_is_repeated_for_readers_that_lost_a_block():
    data, _ = written([(60, Voice(50, BOB))], steps=50 * (2 * REPEATED_BLOCKS + 1))
    again = [(50 * n * REPEATED_BLOCKS, 50, BOB) for n in (1, 2)]
    assert voices_in(data)[0] == [(60, 50, BOB), *again]
    _, (start, _), *_ = Reader(io.BytesIO(data)).spans(WIDTHS, step=640)
    hurt = bytearray(data)
    hurt[start + 5] ^= 0xFF
    assert voices_in(bytes(hurt))[0] == again


def test_only_entropy_coded_blocks_change_the_voice():
    writer = Writer(io.BytesIO(), Header(b"abcd", 1, None, 16000, 1, 99, ANN), WIDTHS, step=640)
    with pytest.raises(ValueError, match="entropy coded"):
        writer.change_voice(0, Voice(1, BOB))
