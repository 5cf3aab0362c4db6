"""Protected files, what they hold, and ways to damage them."""

import io
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from helpers.coded_toy import CodedToy

from sottovoce.codec.bits import Header, Reader, Writer
from sottovoce.codec.bits.protection.reed_solomon import GROUP

WIDTHS = (10, 7, 7)
STEP = 640
TOY = SimpleNamespace(bits=WIDTHS)


def random_codes(steps: int, seed: int = 0) -> np.ndarray:
    codes = np.random.default_rng(seed).integers(0, 1 << np.array(WIDTHS), (steps, 3), np.int16)
    lengths = np.random.default_rng(seed).integers(0, 50, -(-steps // 50))
    codes[np.arange(steps) % 50 >= np.repeat(lengths, 50)[:steps]] = 0  # blocks of many sizes
    return codes


@lru_cache
def write(steps: int, parity: int, known: bool = True, held: bool = False, seed: int = 0) -> bytes:
    file = io.BytesIO()
    samples = max(0, steps * STEP - 100)
    header = Header(b"abcd", 1, samples if known else None, 16000, 1, 99, b"who", b"A=b", 0, True, held, parity)
    writer = Writer(file, header, WIDTHS, step=STEP, coder=CodedToy(TOY))
    writer.write(random_codes(steps, seed), np.zeros(steps, np.uint8) if held else None)
    writer.close(samples)
    return file.getvalue()


def records(data: bytes) -> list[tuple[int, int]]:
    """Where each block and parity record lies."""
    return list(Reader(io.BytesIO(data)).spans(WIDTHS, step=STEP))[1:]


def groups(data: bytes) -> list[list[tuple[int, int]]]:
    """The records of each group."""
    parity = Reader(io.BytesIO(data)).header.protection
    found, size = records(data), GROUP + parity
    return [found[start : start + size] for start in range(0, len(found), size)]


def read(data) -> tuple[Reader, np.ndarray]:
    reader = Reader(data if hasattr(data, "read") else io.BytesIO(data))
    blocks = reader.blocks(WIDTHS, step=STEP, coder=CodedToy(TOY))
    rows = (np.full((one.steps, 3), -1) if one.codes is None else one.codes for one in blocks)
    return reader, np.concatenate([np.zeros((0, 3), np.int16), *rows])


def wiped(data: bytes, spans) -> bytes:
    broken = bytearray(data)
    for start, stop in spans:
        broken[start:stop] = bytes(stop - start)
    return bytes(broken)


def cut_out(data: bytes, spans) -> bytes:
    gone = {at for start, stop in spans for at in range(start, stop)}
    return bytes(byte for at, byte in enumerate(data) if at not in gone)


def flipped(data: bytes, spans) -> bytes:
    broken = bytearray(data)
    for start, stop in spans:
        broken[(start + stop) // 2] ^= 0x41
    return bytes(broken)


HARMS = (wiped, cut_out, flipped)
