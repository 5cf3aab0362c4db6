"""Bits per code and speed of the context model, beside count tables and two networks in floats.

    python benchmarks/context.py SPEECH CODES [--networks MINUTES]

SPEECH contains train.csv and valid.csv. Their codes are stored in CODES, one file per part and preset. Count tables are
fitted on train; everything is measured on valid, with the context model of the bundled model. The networks, an LSTM and
a Transformer over the codes of the default preset, are trained for MINUTES each.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

import argparse
import math
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from sottovoce.cli.train_context import wave_of
from sottovoce.codec.bits import BLOCK_STEPS
from sottovoce.codec.evaluation.references import find
from sottovoce.codec.models import context_coder
from sottovoce.models import release
from sottovoce.models.release import Release
from sottovoce.models.training.context import codes_of

STRENGTHS = (2, 8, 32, 128, 512, 2048)  # of the back-off; the best one on valid is used, in favour of the count tables
STEPS_PER_SECOND = 25


def codes(model, speech: Path, folder: Path, part: str) -> dict[str, list[np.ndarray]]:
    """Return the codes of all recordings of a part by preset; encode them where they are not stored."""
    files = {name: folder / part / f"{name}.npz" for name in model.presets}
    if not all(file.exists() for file in files.values()):
        found = {name: [] for name in model.presets}
        for recording in find(str(speech / f"{part}.csv"), folder):
            made = codes_of(model, wave_of(str(recording.file), model.sample_rate))
            for name, preset in model.presets.items():
                found[name].append(made[preset.index])
        for name, file in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, codes=np.concatenate(found[name]), lengths=[len(one) for one in found[name]])
    parts = {}
    for name, file in files.items():
        with np.load(file) as stored:
            parts[name] = np.split(stored["codes"].astype(np.int64), np.cumsum(stored["lengths"])[:-1])
    return parts


def previous(recordings: list[np.ndarray], book: int, lag: int, size: int) -> np.ndarray:
    """Return the code `lag` steps earlier in the same block; `size` where there is none."""
    out = []
    for one in recordings:
        moved = np.full(len(one), size)
        moved[lag:] = one[: len(one) - lag, book] if lag < len(one) else []
        moved[np.arange(len(one)) % BLOCK_STEPS < lag] = size
        out.append(moved)
    return np.concatenate(out)


def bits_of_counts(train: list[np.ndarray], valid: list[np.ndarray], widths: tuple[int, ...]) -> np.ndarray:
    """Return bits per step of count tables: of order 0, 1 and 2 over one codebook, and of a mixture of five tables.

    Orders 1 and 2 back off to the next lower order. The mixture consists of these three, of the code of the previous
    codebook in the same step, and of that together with the code of the previous step; its weights, one per codebook
    and table, are the best on valid.
    """
    bits = np.zeros(4)
    for book, width in enumerate(widths):
        size = 1 << width
        parts = train, valid
        codes = [np.concatenate([one[:, book] for one in part]) for part in parts]
        counts = np.bincount(codes[0], minlength=size) + 0.5
        zero = (counts / counts.sum())[codes[1]]
        last, earlier = ([previous(part, book, lag, size) for part in parts] for lag in (1, 2))
        above = [
            np.concatenate([one[:, book - 1] for one in part]) if book else 0 * codes[i] for i, part in enumerate(parts)
        ]
        first = conditional(codes, last, size, zero)
        second = conditional(codes, [a * (size + 1) + b for a, b in zip(last, earlier, strict=True)], size, first)
        within = conditional(codes, above, size, zero)
        both = conditional(codes, [a * 1025 + b for a, b in zip(above, last, strict=True)], size, within)
        chances = np.stack((zero, first, second, within, both))
        weights = np.full(len(chances), 1 / len(chances))
        for _ in range(50):  # expectation maximisation (Dempster, Laird and Rubin 1977)
            shares = weights[:, None] * chances
            weights = (shares / shares.sum(0)).mean(1)
        bits -= [np.log2(one).mean() for one in (zero, first, second, weights @ chances)]
    return bits


def conditional(codes: list[np.ndarray], context: list[np.ndarray], size: int, chance: np.ndarray) -> np.ndarray:
    """Return the probabilities of the codes of valid by counts of train in the same context, backed off to `chance`."""
    together, of = np.unique(context[0] * size + codes[0], return_counts=True)
    alone, whole = np.unique(context[0], return_counts=True)
    hits, seen = look_up(together, of, context[1] * size + codes[1]), look_up(alone, whole, context[1])
    mixed = [(hits + strength * chance) / (seen + strength) for strength in STRENGTHS]
    return min(mixed, key=lambda one: -np.log2(one).mean())


def look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the values at the wanted keys, 0 where there are none."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def code_and_check(model: Release, preset, valid: list[np.ndarray], *, carry: bool) -> dict[str, float]:
    """Encode valid block by block, and decode it again."""
    writer, reader, meter = (context_coder(model, preset) for _ in range(3))
    bits = entropy = worst = seconds = 0.0
    for recording in valid:
        blocks = [recording[at : at + BLOCK_STEPS].astype(np.int16) for at in range(0, len(recording), BLOCK_STEPS)]
        for number, block in enumerate(blocks):
            if not (carry and number):
                for coder in (writer, reader, meter):
                    coder.reset()
            begun = time.perf_counter()
            payload = writer.encode(block)
            again = reader.decode(payload, len(block))
            seconds += time.perf_counter() - begun
            assert (again == block).all()
            needed = float(16 * block.size - np.log2(meter.bits(block)).sum())
            bits, entropy = bits + 8 * len(payload), entropy + needed
            worst = max(worst, len(payload) - needed / 8)
    steps = sum(map(len, valid))
    speed = steps / STEPS_PER_SECOND / seconds
    return {"bits": bits / steps, "entropy": entropy / steps, "worst": worst, "speed": speed}


def network(
    kind: str, train: list[np.ndarray], valid: list[np.ndarray], widths: tuple[int, ...], minutes: float
) -> float:
    """Return bits per step of a network in floats; a code also depends on the earlier codes of its step."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(0)
    torch.set_num_threads(1)
    size, sizes = 192, [1 << width for width in widths]

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = nn.ModuleList([nn.Embedding(n + 1, size) for n in sizes])
            self.within = nn.ModuleList([nn.Embedding(n, size) for n in sizes])
            self.place = nn.Parameter(torch.randn(BLOCK_STEPS, size) * 0.02)
            if kind == "LSTM":
                self.body = nn.LSTM(size, size, batch_first=True)
            else:
                layer = nn.TransformerEncoderLayer(size, 4, 2 * size, 0.1, batch_first=True, norm_first=True)
                self.body = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
            self.drop = nn.Dropout(0.2)
            self.heads = nn.ModuleList([nn.Linear(size, n) for n in sizes])

        def forward(self, blocks):
            last = F.pad(blocks[:, :-1], (0, 0, 1, 0), value=-1)
            last = torch.where(last < 0, torch.tensor(sizes), last)
            x = self.drop(sum(one(last[..., k]) for k, one in enumerate(self.seen)))
            if kind == "LSTM":
                x = self.body(x)[0]
            else:
                mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
                x = self.body(x + self.place[: x.shape[1]], mask=mask, is_causal=True)
            x, bits = self.drop(x), []
            for k, head in enumerate(self.heads):
                logits = head(x).flatten(0, 1)
                target = blocks[..., k].flatten()
                bits.append(F.cross_entropy(logits, target.clamp(min=0), reduction="none") * (target >= 0))
                x = x + self.within[k](blocks[..., k].clamp(min=0))
            return torch.stack(bits).sum() / math.log(2) / (blocks[..., 0] >= 0).sum()

    def cut(recordings, offset=0):
        blocks = []
        for one in recordings:
            edges = [0, *range(offset or BLOCK_STEPS, len(one), BLOCK_STEPS), len(one)]
            for begin, end in pairwise(edges):
                blocks.append(np.pad(one[begin:end], ((0, BLOCK_STEPS - end + begin), (0, 0)), constant_values=-1))
        return torch.from_numpy(np.stack(blocks))

    model, tested = Model(), cut(valid)
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    begun, done = time.monotonic(), 0.0
    while done < 1:
        blocks = cut(train, int(torch.randint(BLOCK_STEPS, ())))
        for rows in torch.randperm(len(blocks)).split(32):
            for group in optimiser.param_groups:
                group["lr"] = 3e-3 * (0.5 + 0.5 * math.cos(math.pi * min(1, done))) + 1e-6
            optimiser.zero_grad()
            model(blocks[rows]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            done = (time.monotonic() - begun) / 60 / minutes
            if done >= 1:
                break
    model.eval()
    with torch.no_grad():
        return float(model(tested))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("speech", "codes"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--networks", type=float, metavar="MINUTES", default=0)
    arguments = parser.parse_args()
    model = release.load()
    train, valid = (codes(model, arguments.speech, arguments.codes, part) for part in ("train", "valid"))
    tested, fitted = len(valid["default"]), len(train["default"])
    print(f"{tested} recordings; counts of {fitted} others, back-off and mixture weights chosen on valid")
    print("bits per code on valid (share of bits saved); speed of encoding plus decoding, in multiples of real time")
    columns = "uniform", "order 0", "order 1", "order 2", "mixed", "context", "carried"
    print(f"{'preset':9}" + "".join(f"{one:>16}" for one in columns) + f"{'over entropy':>14}{'worst':>9}{'speed':>8}")
    for name, preset in model.presets.items():
        whole, count = sum(preset.bits), preset.books
        code_and_check(model, preset, valid[name][:2], carry=True)  # compiles
        alone, carried = (code_and_check(model, preset, valid[name], carry=carry) for carry in (False, True))
        figures = [whole, *bits_of_counts(train[name], valid[name], preset.bits), alone["bits"], carried["bits"]]
        cells = "".join(f"{bits / count:8.3f} ({100 - 100 * bits / whole:4.1f}%)" for bits in figures)
        over = 100 * (alone["bits"] / alone["entropy"] - 1)
        print(f"{name:9}{cells}{over:12.2f} %{alone['worst']:7.2f} B{alone['speed']:7.0f}×", flush=True)
    if arguments.networks:
        preset = model.presets["default"]
        for kind in ("LSTM", "Transformer"):
            bits = network(kind, train["default"], valid["default"], preset.bits, arguments.networks)
            saving = 100 - 100 * bits / sum(preset.bits)
            label = f"{kind} in floats, default, {arguments.networks:g} minutes"
            print(f"{label}: {bits / preset.books:.3f} bits per code ({saving:.1f} %)", flush=True)


if __name__ == "__main__":
    main()
