"""The context models of the models in the box: what codes are likely after those before them."""

from collections.abc import Iterator
from functools import lru_cache

from sottovoce.codec.bits import Block, Reader
from sottovoce.codec.bits.context import ContextCoder, ContextModel
from sottovoce.codec.errors import SottoError
from sottovoce.models.release import Preset, Release, former_prefix

PREFIX = "context."
"""Of the tables' names among a model's weights."""


def context_coder(model: Release, preset: Preset) -> ContextCoder | None:
    """Return what codes and decodes a preset's codes, at the start of a block; None where the model has no tables."""
    return _coder(model, PREFIX, preset)


def blocks_of(reader: Reader, model: Release, preset: Preset) -> Iterator[Block]:
    """Return the blocks of a file of that model and preset.

    Raises
    ------
    SottoError
        When they were coded with tables of an earlier version that the model doesn't hold any more.
    """
    coder = None
    if reader.header.coded:
        name = reader.header.model
        coder = _coder(model, PREFIX if name == model.id else former_prefix(name.hex()) + PREFIX, preset)
        if coder is None and name != model.id:
            reason = f"entropy coded by an earlier version of the model, {name.hex()}"
            raise SottoError(reason, "decode it with the version that made it")
    return reader.blocks(preset.bits, step=model.step, coder=coder)


def _coder(model: Release, prefix: str, preset: Preset) -> ContextCoder | None:
    tables = _context_model(model, prefix)
    return tables.coder(preset.index, preset.books) if tables else None


@lru_cache(maxsize=8)
def _context_model(model: Release, prefix: str) -> ContextModel | None:
    tables = {name.removeprefix(prefix): table for name, table in model.weights.items() if name.startswith(prefix)}
    if not tables:
        return None
    books = [model.weights[f"books.{book}"] for book in range(len(model.config["bottleneck"]["bits"]))]
    return ContextModel(tables, books)
