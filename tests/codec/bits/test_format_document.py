"""What docs/FORMAT.md says is what the code does."""

import io
import re
from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec.bits import Header, Packets, PacketWriter, Reader, Voice, Writer

PAGE = (Path(__file__).parents[3] / "docs" / "FORMAT.md").read_text(encoding="utf-8")
WIDTHS = (10, 7, 7)


def fenced(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


CODES = [[int(code) for code in line.split()] for line in fenced("codes")[0].splitlines()]
FILES = [bytes.fromhex("".join(line[:36].split("  ")[0] for line in text.splitlines())) for text in fenced("hex")]


def header(samples):
    return Header(bytes.fromhex("c0ffee01"), 1, samples, 44100, 2, 200, bytes.fromhex("1122334455667788"))


@pytest.mark.parametrize(("data", "samples"), list(zip(FILES, (2000, None), strict=True)))
def test_example(data, samples):
    stream = io.BytesIO()
    writer = Writer(stream, header(samples), WIDTHS, step=640)
    writer.write(CODES)
    writer.close(2000)
    assert stream.getvalue() == data

    reader = Reader(io.BytesIO(data))
    assert reader.header == header(samples)
    assert [block.codes.tolist() for block in reader.blocks(WIDTHS, step=640)] == [CODES]
    assert reader.total_samples == 2000 and reader.complete and not reader.trailing


def test_binary_digits_in_the_example():
    shown = re.findall(r"^(\w\w \w\w \w\w) +([01]{10}) ([01]{7}) ([01]{7})$", PAGE, re.MULTILINE)
    assert [[int(code, 2) for code in codes] for _, *codes in shown] == CODES
    assert all(int("".join(codes), 2) == int(data.replace(" ", ""), 16) for data, *codes in shown)


def by_the_page(data: bytes):
    """A reader written from the page alone, for whole files: length, header's other numbers, codes."""
    at = 0

    def take(count):
        nonlocal at
        at += count
        return data[at - count : at]

    def varint():
        value = shift = 0
        while True:
            byte = take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def check(start):
        register = 0xFFFF
        for byte in data[start:at]:
            for bit in range(7, -1, -1):
                top = register >> 15 ^ byte >> bit & 1
                register = (register << 1 & 0xFFFF) ^ 0x1021 * top
        assert take(2) == bytes((register & 255, register >> 8))

    assert take(4) == b"\x89\x53\x54\x4f" and take(1) == b"\1"
    flags = take(1)[0]
    model, preset, length, source, level = take(4), take(1)[0], varint(), varint(), take(1)[0]
    speaker = take(take(1)[0])
    packet_steps = take(1)[0] if flags & 32 else 0
    metadata = take(varint()) if flags & 4 else None
    check(0)
    codes, voices = [], []
    while True:
        start, size = at, varint()
        if size == 0:
            break
        payload = take(size)
        check(start)
        steps = packet_steps or min(50, 8 * size // sum(WIDTHS))
        told = payload[-(-steps * sum(WIDTHS) // 8) :]
        if packet_steps and told:
            voices.append((len(codes), told[0], told[1:]))
        bits = "".join(f"{byte:08b}" for byte in payload)
        for _ in range(steps):
            codes.append([])
            for width in WIDTHS:
                codes[-1].append(int(bits[:width], 2))
                bits = bits[width:]
    if flags & 8:
        length = varint()
        check(start)
    assert at == len(data)
    return (model, preset, length, source // 32, source % 32, level, speaker, metadata), codes, voices


@pytest.mark.parametrize("steps", [0, 1, 49, 50, 51, 130])
@pytest.mark.parametrize("known", [True, False])
def test_a_reader_written_from_the_page_reads_what_we_write(steps, known):
    codes = np.random.default_rng(steps).integers(0, 1 << np.array(WIDTHS), (steps, 3))
    samples = max(0, steps * 640 - 17)
    fields = (b"\0\1\2\3", 255, samples, 192000, 6, 255, b"speaker", None if known else b"metadata")
    stream = io.BytesIO()
    writer = Writer(stream, Header(*fields[:2], samples if known else None, *fields[3:]), WIDTHS, step=640)
    writer.write(codes)
    writer.close(samples)
    assert by_the_page(stream.getvalue()) == (fields, codes.tolist(), [])


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_it_reads_packets_too(steps):
    codes = np.random.default_rng(steps).integers(0, 1 << np.array(WIDTHS), (6 * steps, 3))
    fields = (b"\0\1\2\3", 1, 6 * steps * 640 - 17, 16000, 1, 255, b"speaker", b"metadata")
    stream = io.BytesIO()
    header = Header(*fields[:2], None, *fields[3:], packet_steps=steps)
    layout, writer = Packets(WIDTHS, steps, 7), PacketWriter(stream, header.pack())
    for number, packet in enumerate(np.split(codes, 6)):
        writer.write(layout.pack(packet, Voice(99, b"another") if number == 4 else None))
    writer.close(fields[2])
    assert by_the_page(stream.getvalue()) == (fields, codes.tolist(), [(4 * steps, 99, b"another")])
