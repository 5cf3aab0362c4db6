"""What docs/FORMAT.md says is what the code does."""

import io
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import by_the_page as page
from helpers.by_the_page import read
from helpers.coded_toy import CodedToy

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
    """What a reader written from the page alone finds: the header's numbers, codes, and voices told on the way."""
    file = read(data, lambda preset: WIDTHS)
    fields = (file.model, file.preset, file.length, file.rate, file.channels, file.level, file.speaker, file.metadata)
    return fields, file.codes, file.voices


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


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("steps", "parity"), [(0, 2), (1, 1), (130, 3), (50 * 16, 1), (50 * 66 - 8, 2), (50 * 17, 16)])
def test_it_reads_protected_files_and_restores_what_is_lost_of_any_group(steps, parity, known, monkeypatch):
    toy = CodedToy(SimpleNamespace(bits=WIDTHS))

    class Context:
        def __init__(self, *what) -> None:
            toy.reset()

        def decode(self, payload: bytes, steps: int, held) -> list[list[int]]:
            return toy.decode(payload, steps).tolist()

    monkeypatch.setattr(page, "Context", Context)
    codes = np.random.default_rng(steps).integers(0, 1 << np.array(WIDTHS), (steps, 3))
    codes[steps // 3 : steps // 2] = 0  # some blocks are shorter than others
    fields = (b"\0\1\2\3", 1, max(0, steps * 640 - 17), 16000, 1, 255, b"speaker", b"metadata")
    stream = io.BytesIO()
    header = Header(*fields[:2], fields[2] if known else None, *fields[3:], coded=True, protection=parity)
    writer = Writer(stream, header, WIDTHS, step=640, coder=toy)
    writer.write(codes)
    writer.close(fields[2])
    assert by_the_page(stream.getvalue()) == (fields, codes.tolist(), [])
