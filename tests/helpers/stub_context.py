"""A context model with tables at random, and codes and flags for it."""

import numpy as np

from sottovoce.codec.bits.context.coder import ContextModel
from sottovoce.codec.bits.context.units import AGES, SLOW

SIZES = (1024, 16, 16, 32)
BOOKS = len(SIZES)
VECTOR, RANK, HIDDEN, PRESETS = 12, 8, 16, 2


def made(scale=40, seed=4):
    """A context model with weights drawn at random, sharp where `scale` is high."""
    chance = np.random.default_rng(seed)

    def whole(shape, most, kind=np.int8):
        return chance.integers(-most, most + 1, shape).astype(kind)

    books = [whole((size, VECTOR), 30000 >> k, np.int16) for k, size in enumerate(SIZES)]
    tables = {
        "past": whole((VECTOR * (2 + len(SLOW)), HIDDEN), 60),
        "age": whole((AGES, HIDDEN), 5000, np.int32),
        "drive": whole((BOOKS, HIDDEN, RANK), 60),
        "start": whole((PRESETS, BOOKS, RANK), 300, np.int16),
        "entries": whole((sum(SIZES), RANK), 90),
        "shifts": np.array([8, 7, 2, *[10] * BOOKS], np.int8),
    }
    for k, size in enumerate(SIZES):
        tables[f"views.{k}"] = whole((RANK, size), scale)
        tables[f"bias.{k}"] = whole(size, 90, np.int16)
    return tables, books


MODEL = ContextModel(*made())


def drawn(steps, books=BOOKS, seed=0):
    """Codes at random."""
    return np.random.default_rng(seed).integers(0, SIZES[:books], (steps, books)).astype(np.int16)


def flags(steps, seed=0):
    """Which steps are held: some pauses, or none, or nothing else."""
    chance = np.random.default_rng(seed)
    return (np.repeat(chance.random(steps), 7)[:steps] < chance.choice([0, 0.2, 0.8, 1])).astype(np.uint8)
