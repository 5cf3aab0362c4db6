"""Read sottovoce messages with nothing but Python: from bytes to codes, after docs/FORMAT.md.

    python sotto_message.py default.safetensors MESSAGE...

prints what messages, packets or files of packets contain. Copy this file where you need it (MIT licence), or
translate it: everything is arithmetic of integers. Decoding codes to sound needs the package sottovoce.
"""

import hashlib
import json
import sys
from array import array
from dataclasses import dataclass


class Damaged(ValueError):
    """The bytes are no message of this model."""


@dataclass
class Message:
    """A message or a part of one. `codes` has a list of integers for each step."""

    mode: int
    preset: int
    level: float  # dBov
    speaker: bytes  # the first codes of the speaker vector
    message: int | None  # number that the parts of a message share; None for a whole one
    total: int  # steps of the whole message
    first: int  # steps before this part
    codes: list[list[int]]


class Model:
    """The tables of a model that messages need, from its safetensors file."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            data = file.read()
        self.id = hashlib.sha256(data).digest()[:4]
        self._start = 8 + int.from_bytes(data[:8], "little")
        self._header = json.loads(data[8 : self._start])
        self._data = data
        facts = json.loads(self._header["__metadata__"]["sottovoce"])
        self.books = {preset["index"]: preset["books"] for preset in facts["presets"]}

    def table(self, name: str) -> list:
        """Return a table of integers as nested lists."""
        entry = self._header[name]
        begin, end = (self._start + offset for offset in entry["data_offsets"])
        values = array({"I8": "b", "I16": "h", "I32": "i"}[entry["dtype"]], self._data[begin:end])
        if sys.byteorder == "big":
            values.byteswap()
        found = values.tolist()
        for size in entry["shape"][:0:-1]:
            found = [found[at : at + size] for at in range(0, len(found), size)]
        return found


def packets(data: bytes) -> list[bytes]:
    """Return the packets of a file, or the message alone."""
    if data[:1] != b"\xa0":
        return [data]
    found, at = [], 1
    while at < len(data):
        size, at = varint(data, at)
        if at + size > len(data):
            break  # cut off
        found.append(data[at : at + size])
        at += size
    return found


def read(data: bytes, model: Model) -> Message:
    """Return what a message or a packet contains; raise Damaged where it is none of this model."""
    body = data[:-2]
    if len(data) < 5 or crc(model.id + body) != int.from_bytes(data[-2:], "little"):
        raise Damaged("a wrong checksum, or another model")
    kind, at = body[0], 1
    mode, part = kind & 15, kind & 16
    if kind < 0xC0 or kind & 32:
        raise Damaged("encrypted" if kind >= 0xC0 else "not a message")
    preset = mode
    if mode == 15:
        preset, at = body[5], 6
    if preset not in model.books:
        raise Damaged(f"there is no preset {preset}")
    voice, at = body[at], at + 1
    number, total, first = None, 0, 0
    if part:
        number, (total, at) = body[at], varint(body, at + 1)
        first, at = varint(body, at)
    steps, at = varint(body, at)
    total = total if part else steps
    if not (steps >= 1 and first + steps <= total <= 1500):
        raise Damaged("impossible numbers of steps")
    speaker = body[at : at + (voice & 3)]
    payload = body[at + (voice & 3) :]
    codes = Context(model, preset).decode(payload, steps, repeats=bool(voice & 4))
    return Message(mode, preset, -2.0 - 2 * (voice >> 3), speaker, number, total, first, codes)


def joined(parts: list[Message]) -> list[list[int] | None]:
    """Return the steps of a message from some of its parts; None for those that are lost."""
    steps: list[list[int] | None] = [None] * parts[0].total
    end = 0
    for part in sorted(parts, key=lambda part: part.first):
        if (part.message, part.total) == (parts[0].message, parts[0].total) and part.first >= end:
            end = part.first + len(part.codes)
            steps[part.first : end] = part.codes
    return steps


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned integer in LEB128, and where the next field begins."""
    value = shift = 0
    while at < len(data) and shift < 63:
        value |= (data[at] & 127) << shift
        if data[at] < 128:
            if not data[at] and shift:
                break  # not the shortest form
            return value, at + 1
        at, shift = at + 1, shift + 7
    raise Damaged("cut off, or a wrong number")


def crc(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE."""
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1 ^ (0x1021 if register & 0x8000 else 0)) & 0xFFFF
    return register


def clip(x: int, low: int, high: int) -> int:
    """Return x, or the bound that it is beyond."""
    return low if x < low else high if x > high else x


def product(vector: list[int], matrix: list[list[int]]) -> list[int]:
    """Return a row vector times a matrix of rows."""
    out = [0] * len(matrix[0])
    for x, row in zip(vector, matrix, strict=True):
        if x:
            out = [y + x * w for y, w in zip(out, row, strict=True)]
    return out


POWERS = [round(2 ** (24 - i / 32)) for i in range(32)]


class Context:
    """The context model: how likely each code is after those before it."""

    def __init__(self, model: Model, preset: int) -> None:
        books = range(model.books[preset])
        self.past, self.age, self.shifts, self.drive, self.entries = (
            model.table(f"context.{name}") for name in ("past", "age", "shifts", "drive", "entries")
        )
        self.start = model.table("context.start")[preset]
        self.views = [model.table(f"context.views.{k}") for k in books]
        self.bias = [model.table(f"context.bias.{k}") for k in books]
        self.books = [model.table(f"books.{k}") for k in books]

    def decode(self, payload: bytes, steps: int, repeats: bool = False) -> list[list[int]]:
        """Return the codes of a payload; with `repeats` (DTX) steps may repeat the one before."""
        x1, x2, m2, m4 = ([0] * len(self.books[0][0]) for _ in range(4))
        reader = RangeReader(payload)
        codes: list[list[int]] = []
        repeated = False
        for age in range(steps):
            if repeats:
                repeated = reader.symbol([0, 65536 - (61440 if repeated else 1024), 65536]) == 1
            if repeated and codes:
                row = codes[-1]
            elif repeated:
                row = [0] * len(self.books)  # of a damaged payload
            else:
                row = self._step(reader, x1 + x2 + [m >> 4 for m in m2] + [m >> 4 for m in m4], age)
            codes.append(row)
            x2 = x1
            vectors = [book[code] for book, code in zip(self.books, row, strict=True)]
            x1 = [clip(sum(column) >> 3, -4095, 4095) for column in zip(*vectors, strict=True)]
            m2 = [m + (((x << 4) - m) >> 2) for m, x in zip(m2, x1, strict=True)]
            m4 = [m + (((x << 4) - m) >> 4) for m, x in zip(m4, x1, strict=True)]
        return codes

    def _step(self, reader: "RangeReader", seen: list[int], age: int) -> list[int]:
        sums = [a + b for a, b in zip(self.age[min(age, 7)], product(seen, self.past), strict=True)]
        hidden = [clip(x >> self.shifts[0], 0, 8191) for x in sums]
        chosen, first, row = [0] * len(self.start[0]), 0, []
        for k, book in enumerate(self.books):
            driven = product(hidden, self.drive[k])
            state = [
                clip((d >> self.shifts[1]) + s + c, -8191, 8191)
                for d, s, c in zip(driven, self.start[k], chosen, strict=True)
            ]
            views = product(state, self.views[k])
            logits = [(x >> self.shifts[3 + k]) + b for x, b in zip(views, self.bias[k], strict=True)]
            code = reader.symbol(frequencies(logits))
            row.append(code)
            chosen = [c + (e << self.shifts[2]) for c, e in zip(chosen, self.entries[first + code], strict=True)]
            first += len(book)
        return row


def frequencies(logits: list[int]) -> list[int]:
    """Return where the frequencies of each entry begin, and 65536."""
    highest = max(logits)
    weights = [POWERS[d % 32] >> d // 32 for d in (min(highest - logit, 768) for logit in logits)]
    factor = ((65536 - len(logits)) << 32) // sum(weights)
    begin, before = [], 0
    for entry, weight in enumerate(weights):
        begin.append(entry + (before * factor >> 32))
        before += weight
    return [*begin, 65536]


class RangeReader:
    """Reads symbols from the bytes of a range coder; behind their end there are zeros."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 7
        self._value = int.from_bytes(payload[:7].ljust(7, b"\0"), "big")
        self._range = 1 << 56

    def symbol(self, begin: list[int]) -> int:
        """Return the symbol whose interval, from `begin` of it to that of the next, comes next."""
        unit = self._range >> 16
        target = min(self._value // unit, 65535)
        low, high = 0, len(begin) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if begin[middle] <= target else (low, middle)
        self._value -= unit * begin[low]
        width = begin[low + 1] - begin[low]
        self._range = self._range - unit * begin[low] if begin[low + 1] == 65536 else unit * width
        while self._range < 1 << 48:
            byte = self._payload[self._at] if self._at < len(self._payload) else 0
            self._value, self._range, self._at = self._value * 256 + byte, self._range * 256, self._at + 1
        return low


def main() -> None:
    """Print what messages contain."""
    model = Model(sys.argv[1])
    for name in sys.argv[2:]:
        with open(name, "rb") as file:
            data = file.read()
        for packet in packets(data):
            try:
                print(f"{name}: {read(packet, model)}")
            except Damaged as error:
                print(f"{name}: {error}")


if __name__ == "__main__":
    main()
