"""A reader of .sotto files written from docs/FORMAT.md alone: plain Python, slow, and without anything of `codec`.

It reads whole files, and stops at anything that isn't as the page says.
"""

from dataclasses import dataclass, field


@dataclass
class File:
    """What a file holds.

    `voices` are (step from which it holds, level, speaker); `codes` a list of integers a step.
    """

    model: bytes
    preset: int
    length: int
    rate: int
    channels: int
    level: int
    speaker: bytes
    metadata: bytes | None
    codes: list[list[int]] = field(default_factory=list)
    voices: list[tuple[int, int, bytes]] = field(default_factory=list)


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        assert self.at + count <= len(self.data)
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def check(self, start: int) -> None:
        """The CRC over everything from `start` on comes next."""
        register = 0xFFFF
        for byte in self.data[start : self.at]:
            for bit in range(7, -1, -1):
                top = register >> 15 ^ byte >> bit & 1
                register = (register << 1 & 0xFFFF) ^ 0x1021 * top
        assert self.take(2) == bytes((register & 255, register >> 8))


def read(data: bytes, widths_of, step: int = 640, tables=None) -> File:
    """Read a file; `widths_of` tells the books' widths of a preset, and `tables` has the model's weights by name."""
    source = Bytes(data)
    assert source.take(4) == b"\x89\x53\x54\x4f" and source.byte() == 1
    flags = source.byte()
    assert not flags & 0b1000_0010
    coded, unknown, protected, packets, held = (flags & 1 << bit for bit in (0, 3, 4, 5, 6))
    model, preset, length, origin, level = (
        source.take(4), source.byte(), source.varint(), source.varint(), source.byte(),
    )  # fmt: skip
    speaker = source.take(source.byte())
    packet_steps = source.byte() if packets else 0
    parity = source.byte() if protected else 0
    metadata = source.take(source.varint()) if flags & 4 else None
    source.check(0)
    if protected:
        assert source.data[: source.at] == source.take(source.at)
    file = File(model, preset, length, origin // 32, origin % 32, level, speaker, metadata)
    widths = widths_of(preset)
    number, current = 0, speaker
    group: list[bytes] = []  # rows of its blocks, and then its parity
    while True:
        start, size = source.at, source.varint()
        if size == 0:
            break
        payload = source.take(size)
        source.check(start)
        if protected and payload[0] >= 128:
            blocks, place = payload[1] % 16 + 1, payload[1] >> 4
            assert payload[0] - 128 == (number - blocks) % 64 and blocks + place == len(group)
            group.append(payload[2:])
            if place == parity - 1:
                for first in range(blocks + 1):
                    assert restored(group, range(first, first + parity), parity) == padded(group)
                group = []
            continue
        group.append(len(payload).to_bytes(2, "little") + payload)
        due = 50 if unknown else min(50, -(-length // step) - len(file.codes))
        if coded:
            tag, rest = payload[0], payload[1:]
            assert tag < 128 and tag % 64 == number % 64
            if tag & 64:
                steps, rest = rest[0], rest[1:]
                assert steps and not steps & 64
                due = steps & 63 or due
                more, last = steps & 128, -1
                while more:
                    place, new_level, rest = rest[0], rest[1], rest[2:]
                    if place & 64:
                        current, rest = rest[: len(speaker)], rest[len(speaker) :]
                    assert last < place & 63 < due
                    more, last = place & 128, place & 63
                    file.voices.append((len(file.codes) + last, new_level, current))
            file.codes += Context(tables, model, preset, len(widths)).decode(rest, due, held)
        else:
            steps = packet_steps or (min(50, 8 * size // sum(widths)) if unknown else due)
            told = payload[-(-steps * sum(widths) // 8) :]
            if packets and told:
                file.voices.append((len(file.codes), told[0], told[1:]))
            file.codes += unpacked(payload, widths, steps)
        number += 1
    assert not (protected and group)
    if unknown:
        file.length = source.varint()
        source.check(start)
        if protected:
            assert source.data[start : source.at] == source.take(source.at - start)
    assert source.at == len(data)
    return file


def unpacked(payload: bytes, widths, steps: int) -> list[list[int]]:
    bits = "".join(f"{byte:08b}" for byte in payload)
    codes = []
    for _ in range(steps):
        codes.append([])
        for width in widths:
            codes[-1].append(int(bits[:width], 2))
            bits = bits[width:]
    return codes


def times(a: int, b: int) -> int:
    """A product in GF(256)."""
    product = 0
    for bit in range(8):
        product ^= (b >> bit & 1) * a << bit
    for bit in range(14, 7, -1):
        product ^= (product >> bit & 1) * 0x11D << bit - 8
    return product


PRODUCTS = [bytes(times(a, b) for b in range(256)) for a in range(256)]


def padded(rows: list[bytes]) -> list[bytes]:
    return [row.ljust(max(map(len, rows)), b"\0") for row in rows]


def added(one: bytes, factor: int, other: bytes) -> bytes:
    """One row and `factor` times another."""
    return bytes(a ^ b for a, b in zip(one, other.translate(PRODUCTS[factor]), strict=True))


def restored(group: list[bytes], lost: range, parity: int) -> list[bytes]:
    """The rows of a group, those that are lost found from the others: Gauss's elimination on the equations."""
    rows = [bytes(len(row)) if i in lost else row for i, row in enumerate(padded(group))]
    powers = [1]  # of alpha
    while len(powers) < 255:
        powers.append(times(powers[-1], 2))
    equations = []  # each the factors of the lost rows, and what these come to
    for j in range(parity):
        factors = [powers[j * (len(rows) - 1 - i) % 255] for i in range(len(rows))]
        total = bytes(len(rows[0]))
        for factor, row in zip(factors, rows, strict=True):
            total = added(total, factor, row)
        equations.append(bytes(factors[i] for i in lost) + total)
    for k in range(len(lost)):
        pivot = next(n for n in range(k, parity) if equations[n][k])
        equations[k], equations[pivot] = equations[pivot], equations[k]
        equations[k] = equations[k].translate(PRODUCTS[PRODUCTS[equations[k][k]].index(1)])
        for n in range(parity):
            if n != k:
                equations[n] = added(equations[n], equations[n][k], equations[k])
    for k, i in enumerate(lost):
        rows[i] = equations[k][len(lost) :]
    return rows


def clip(x: int, low: int, high: int) -> int:
    return low if x < low else high if x > high else x


def product(vector, matrix) -> list[int]:
    """A row vector times a matrix of rows."""
    out = [0] * len(matrix[0])
    for x, row in zip(vector, matrix, strict=True):
        if x:
            out = [y + x * w for y, w in zip(out, row, strict=True)]
    return out


POWERS = [round(2 ** (24 - i / 32)) for i in range(32)]


class Context:
    """The context model, as the page has it."""

    def __init__(self, tables, model: bytes, preset: int, books: int) -> None:
        def table(name):
            former = f"former.{model.hex()}.{name}"
            return tables[former if former in tables else name].tolist()

        self.past, self.age, self.shifts = table("context.past"), table("context.age"), table("context.shifts")
        self.drive = [[list(row) for row in matrix] for matrix in table("context.drive")]
        self.start = table("context.start")[preset]
        self.entries = table("context.entries")
        self.views = [table(f"context.views.{k}") for k in range(books)]
        self.bias = [table(f"context.bias.{k}") for k in range(books)]
        self.books = [table(f"books.{k}") for k in range(books)]

    def decode(self, payload: bytes, steps: int, may_be_held) -> list[list[int]]:
        size = len(self.books[0][0])
        x1, x2, m2, m4 = ([0] * size for _ in range(4))
        reader = RangeReader(payload)
        codes: list[list[int]] = []
        held = False
        for age in range(steps):
            if may_be_held:
                held = reader.read([0, 65536 - (61440 if held else 1024), 65536]) == 1
            row = codes[-1] if held else self.step(reader, x1 + x2 + [m >> 4 for m in m2] + [m >> 4 for m in m4], age)
            codes.append(row)
            x2 = x1
            vectors = [book[code] for book, code in zip(self.books, row, strict=True)]
            x1 = [clip(sum(column) >> 3, -4095, 4095) for column in zip(*vectors, strict=True)]
            m2 = [m + (((x << 4) - m) >> 2) for m, x in zip(m2, x1, strict=True)]
            m4 = [m + (((x << 4) - m) >> 4) for m, x in zip(m4, x1, strict=True)]
        return codes

    def step(self, reader: "RangeReader", seen: list[int], age: int) -> list[int]:
        """The codes of a step that is not held."""
        sums = [a + b for a, b in zip(self.age[min(age, 7)], product(seen, self.past), strict=True)]
        hidden = [clip(x >> self.shifts[0], 0, 8191) for x in sums]
        chosen, first, row = [0] * len(self.start[0]), 0, []
        for k, book in enumerate(self.books):
            driven = product(hidden, self.drive[k])
            state = [
                clip((d >> self.shifts[1]) + s + c, -8191, 8191)
                for d, s, c in zip(driven, self.start[k], chosen, strict=True)
            ]
            seen_by = product(state, self.views[k])
            logits = [(x >> self.shifts[3 + k]) + b for x, b in zip(seen_by, self.bias[k], strict=True)]
            code = reader.read(self.frequencies(logits))
            row.append(code)
            added = self.entries[first + code]
            chosen = [c + (e << self.shifts[2]) for c, e in zip(chosen, added, strict=True)]
            first += len(book)
        return row

    def frequencies(self, logits: list[int]) -> list[int]:
        """Where the frequencies of each entry begin, and 65536."""
        highest = max(logits)
        weights = [POWERS[d % 32] >> d // 32 for d in (min(highest - logit, 768) for logit in logits)]
        factor = ((65536 - len(logits)) << 32) // sum(weights)
        begin, before = [], 0
        for entry, weight in enumerate(weights):
            begin.append(entry + (before * factor >> 32))
            before += weight
        return [*begin, 65536]


class RangeReader:
    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.range = 1 << 56
        self.value = 0
        self.at = 0
        for _ in range(7):
            self.value = self.value * 256 + self.next()

    def next(self) -> int:
        self.at += 1
        return self.payload[self.at - 1] if self.at <= len(self.payload) else 0

    def read(self, begin: list[int]) -> int:
        unit = self.range >> 16
        target = min(self.value // unit, 65535)
        entry = max(c for c in range(len(begin) - 1) if begin[c] <= target)
        low, high = begin[entry], begin[entry + 1]
        self.value -= unit * low
        self.range = self.range - unit * low if high == 65536 else unit * (high - low)
        while self.range < 1 << 48:
            self.range *= 256
            self.value = self.value * 256 + self.next()
        return entry
