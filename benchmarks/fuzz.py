"""Coverage-guided fuzzing of the file reader.

    pip install atheris
    python benchmarks/fuzz.py [runs]

Each run mutates a file, half of the time with corrected checksums so that the mutation reaches further code, and reads
it and all files that follow in the stream: headers, blocks, packets, parity, entropy coded codes. It fails at the first
traceback other than FormatError, at a hang of ten seconds, or at 200 MB of memory more than at the start.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import random
import sys
import tempfile
from binascii import crc_hqx
from collections.abc import Iterator
from pathlib import Path

import atheris

# Functions that run for every byte are not instrumented: they would take most of the time.
with atheris.instrument_imports(
    include=["sottovoce.codec.bits"], exclude=[f"sottovoce.codec.bits.{name}" for name in ("source", "varint", "crc")]
):
    from sottovoce.codec.bits import CodeBlock, FormatError, Reader
    from sottovoce.codec.bits.crc import append_crc
from sottovoce.codec.models import context_coder
from sottovoce.models import release

RUNS = 1_000_000
MOST_MB = 200
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
MODEL = release.load()


class Bytes:
    """A stream that fails when an unreasonable number of bytes is requested at once."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def read(self, count: int) -> bytes:
        assert 0 < count <= 1 << 17
        self.at += count
        return self.data[self.at - count : self.at]


def read(data: bytes) -> None:
    """Read all files of a stream."""
    reader: Reader | None = None
    try:
        reader = Reader(Bytes(data))
        while reader:
            steps = sum(block.steps for block in blocks(reader))
            assert reader.total_samples is not None and reader.total_samples <= steps * MODEL.step
            reader = reader.another()
    except FormatError:
        return


def blocks(reader: Reader) -> Iterator[CodeBlock]:
    """Yield the blocks of a file of the bundled model, with decoded codes."""
    preset = next((one for one in MODEL.presets.values() if one.index == reader.header.preset), None)
    if preset is None:
        raise FormatError("of no preset", "leave it")
    coder = context_coder(MODEL, preset) if reader.header.coded else None
    for block in reader.blocks(preset.bits, step=MODEL.step, coder=coder):
        assert block.codes is None or len(block.codes) == block.steps
        yield block


def sealed(data: bytes) -> list[tuple[int, int]]:
    """Return start and end of the header and of each record, up to the first damage."""
    spans, start, crc = [], 0, 0xFFFF
    for at in range(len(data) - 2):
        crc = crc_hqx(data[at : at + 1], crc)
        if at + 3 - start > 3 and crc == int.from_bytes(data[at + 1 : at + 3], "little"):
            spans.append((start, at + 3))
            start, crc = at + 3, 0xFFFF
        elif at < start:
            crc = 0xFFFF
    return spans


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Change some bytes of a file and, half of the time, correct the checksums of the changed parts."""
    changed = atheris.Mutate(data, most)
    if random.Random(seed).random() < 0.5 or len(changed) != len(data):
        return changed
    out = bytearray(changed)
    for start, stop in sealed(data):
        if data[start:stop] != changed[start:stop]:
            out[start:stop] = append_crc(bytes(out[start : stop - 2]))
    return bytes(out)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as corpus:
        files = {path.name: path.read_bytes() for path in GOLDEN.glob("*.sotto")}
        files["two"] = files["low.sotto"] + files["tags.sotto"]
        for name, data in files.items():
            (Path(corpus) / name).write_bytes(data)
        options = [
            f"-runs={runs}",
            f"-rss_limit_mb={MOST_MB + 150}",
            "-timeout=10",
            "-max_len=1200",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, corpus], read, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
