"""Mutants of .sotto files whose checksums are right, so that they reach what is behind the checksums.

    python benchmarks/mutants.py [mutants] [-o docs/benchmarks/mutants.txt]

A mutant is a file, or two that follow each other, whose header fields and records were changed, repeated, removed or
exchanged; then every checksum is made right again. Each is read with `info` and its codes are decoded. A mutant is a
fault when that raises anything but FormatError or SottoError, takes more than ten seconds, or if its length is more
than its blocks have. `benchmarks/fuzz.py` looks for new paths through the reader instead, guided by coverage.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import argparse
import io
import random
import resource
import time
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from sottovoce.codec.bits import FormatError, Reader
from sottovoce.codec.bits.crc import CRC_BYTES, append_crc
from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import context_coder
from sottovoce.codec.offline.info import info
from sottovoce.models import release

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
SECONDS = 10.0
MODEL = release.load()
Pieces = tuple[bytes, list[bytes]]
"""The header and the records of a file, with their checksums."""


def parsed(data: bytes) -> Pieces:
    """Return the pieces of a file."""
    reader = Reader(io.BytesIO(data))
    preset = next(one for one in MODEL.presets.values() if one.index == reader.header.preset)
    spans = list(reader.spans(preset.bits, step=MODEL.step))
    return data[: reader.body], [*(data[start:stop] for start, stop in spans), data[spans[-1][1] :] if spans else b""]


def changed_header(header: bytes, draw: random.Random) -> bytes:
    """Change a field of a header, or bytes of it, and make its checksum right."""
    found = Reader(io.BytesIO(header)).header
    if draw.random() < 0.3:
        body = bytearray(header[:-CRC_BYTES])
        for _ in range(draw.randrange(1, 4)):
            body[draw.randrange(5, len(body))] = draw.randrange(256)
        return append_crc(bytes(body))
    name = draw.choice([field.name for field in fields(found)])
    value = getattr(found, name)
    try:
        return replace(found, **{name: other_value(value, draw)}).pack()
    except (FormatError, ValueError, OverflowError, TypeError, AttributeError):
        return header


def other_value(value: Any, draw: random.Random) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, bytes):
        return draw.choice([b"", value[:-1], value + b"\0", draw.randbytes(len(value)), b"A=\n\xff=" * 9])
    if isinstance(value, int):
        return draw.choice([0, 1, value + 1, max(0, value - 1), 255, 1 << 16, (1 << 63) - 1, draw.randrange(1 << 24)])
    return draw.choice([None, 0, 1, 640, 1 << 40, (1 << 63) - 1])


def changed_record(record: bytes, draw: random.Random) -> bytes:
    """Change bytes of a block or its size, and make its checksum right."""
    if len(record) <= CRC_BYTES:
        return record
    body = bytearray(record[:-CRC_BYTES])
    match draw.randrange(4):
        case 0:
            body[draw.randrange(len(body))] = draw.randrange(256)
        case 1:
            body[0] = draw.randrange(256)
        case 2:
            del body[draw.randrange(len(body)) :]
        case _:
            body += draw.randbytes(draw.randrange(1, 20))
    return append_crc(bytes(body)) if body else b""


def change(records: list[bytes], files: list[Pieces], draw: random.Random) -> None:
    """Change, repeat, remove or replace one of the records of a file."""
    at = draw.randrange(len(records))
    match draw.randrange(6):
        case 0:
            records[at] = changed_record(records[at], draw)
        case 1:
            records.insert(at, records[at])
        case 2:
            records[at] = draw.choice(records)
        case 3:
            records[at] = b""
        case 4:
            records[at] = draw.choice(draw.choice(files)[1])
        case _:
            records[at] = draw.randbytes(draw.randrange(40))


def mutant(files: list[Pieces], draw: random.Random) -> bytes:
    """Return a mutant of one or two files."""
    out = b""
    for header, records in draw.sample(files, draw.choice([1, 1, 2])):
        records = list(records)
        if draw.random() < 0.5:
            header = changed_header(header, draw)
        for _ in range(draw.randrange(4)):
            change(records, files, draw)
        out += header + b"".join(records)
        if draw.random() < 0.1:
            out = out[: draw.randrange(len(out) + 1)]
    return out


def check(data: bytes) -> str:
    """Read a file in all ways; return what became of it."""
    try:
        info(data)
        reader: Reader | None = Reader(io.BytesIO(data))
        steps = 0
        while reader:
            preset = next((one for one in MODEL.presets.values() if one.index == reader.header.preset), None)
            if preset is None or reader.header.model not in (MODEL.id, *MODEL.previous_ids):
                return "of another model"
            coder = context_coder(MODEL, preset) if reader.header.coded else None
            steps = 0
            for block in reader.blocks(preset.bits, step=MODEL.step, coder=coder):
                steps += block.steps
                assert block.codes is None or len(block.codes) == block.steps
                if steps > 100_000:
                    return "long"
            assert reader.total_samples is not None and reader.total_samples <= steps * MODEL.step
            reader = reader.another()
    except (FormatError, SottoError):
        return "refused"
    return "read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mutants", type=int, nargs="?", default=100_000)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    files = []
    for path in sorted(GOLDEN.glob("*.sotto")):
        data = path.read_bytes()
        if Reader(io.BytesIO(data)).header.model in (MODEL.id, *MODEL.previous_ids):
            files.append(parsed(data))
    counts: Counter[str] = Counter()
    faults: list[str] = []
    slowest, begin = 0.0, time.perf_counter()
    for number in range(given.mutants):
        data = mutant(files, random.Random(number))
        start = time.perf_counter()
        try:
            counts[check(data)] += 1
        except Exception as error:
            faults.append(f"mutant {number}: {type(error).__name__}: {error}")
            print(faults[-1])
        slowest = max(slowest, time.perf_counter() - start)
        if time.perf_counter() - start > SECONDS:
            faults.append(f"mutant {number}: took more than {SECONDS:g} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    parts = ", ".join(f"{count} {what}" for what, count in counts.most_common())
    text = (
        f"{given.mutants} mutants of {len(files)} files: {parts}; {len(faults)} faults\n"
        f"slowest {slowest:.2f} s, peak memory {memory} MB, {time.perf_counter() - begin:.0f} s in all\n"
        + "".join(f"{fault}\n" for fault in faults)
    )
    print(text)
    if given.output:
        given.output.write_text(text)


if __name__ == "__main__":
    main()
