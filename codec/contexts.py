"""The context models of the models in the box: what codes are likely after those before them."""

from collections.abc import Iterator
from functools import lru_cache

from sottovoce.codec.bits import Block, Reader
from sottovoce.codec.bits.context import ContextCoder, ContextModel
from sottovoce.codec.errors import SottoError
from sottovoce.models.release import Preset, Release

PREFIX = "context."
"""Of the tables' names among a model's weights."""


def context_coder(model: Release, preset: Preset) -> ContextCoder | None:
    """Return what codes and decodes a preset's codes, at the start of a block; None where the model has no tables."""
    tables = _context_model(model)
    return tables.coder(preset.index, preset.books) if tables else None


def blocks_of(reader: Reader, model: Release, preset: Preset) -> Iterator[Block]:
    """Return the blocks of a file of that model and preset.

    Raises
    ------
    SottoError
        When they were coded with other tables than the model's: those of an id that it had formerly.
    """
    if reader.header.coded and reader.header.model != model.id:
        reason = f"entropy coded by an earlier version of the model, {reader.header.model.hex()}"
        raise SottoError(reason, "decode it with the version that made it")
    return reader.blocks(preset.bits, step=model.step, coder=context_coder(model, preset))


@lru_cache(maxsize=8)
def _context_model(model: Release) -> ContextModel | None:
    tables = {name.removeprefix(PREFIX): table for name, table in model.weights.items() if name.startswith(PREFIX)}
    if not tables:
        return None
    books = [model.weights[f"books.{book}"] for book in range(len(model.config["bottleneck"]["bits"]))]
    return ContextModel(tables, books)
