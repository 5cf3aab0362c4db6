"""Which model, preset and context tables a name or the header of a file means."""

import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from safetensors import SafetensorError

from sottovoce.codec.bits import CodeBlock, Reader
from sottovoce.codec.bits.context.coder import ContextCoder, ContextModel
from sottovoce.codec.errors import SottoError, explained
from sottovoce.models import release
from sottovoce.models.release import Preset, Release, former_prefix

PREFIX = "context."
"""Of the tables' names among a model's weights."""


def by_name(name: str) -> Release:
    """Load a model by its name, or from the path of its weights."""
    names = release.available()
    boxed = name in names
    try:
        return loaded(name, () if boxed else _version(name))
    except FileNotFoundError as error:
        remedy = f"choose one of {', '.join(names)}" if names else "install sottovoce again: there is none at all"
        raise SottoError(f"no model named {name!r}", remedy) from error
    except OSError as error:
        raise explained(error, name) from error
    except (ValueError, KeyError, SafetensorError) as error:
        remedy = (
            "install sottovoce again" if boxed else "give weights that `sotto export` wrote, their card beside them"
        )
        raise SottoError(f"the model {name!r} can't be used ({error})", remedy) from error


@lru_cache(maxsize=8)
def loaded(name: str, version: tuple[int, ...]) -> Release:
    """Load a model once for each version of its weights: a path may hold others later, a name in the box can't."""
    return release.load(name)


def _version(path: str) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def by_id(model: bytes, known: Release | None = None) -> Release:
    """Find the model of a file, which names it by the first bytes of the SHA-256 of its weights.

    Parameters
    ----------
    model : bytes
        As the file's header has it.
    known : Release, optional
        One to look at before those in the box.
    """
    names = release.available()
    for one in chain([known] if known else [], map(by_name, names)):
        if model in (one.id, *one.previous_ids):
            return one
    raise SottoError(
        f"needs the model {model.hex()}, which is not in this version",
        "decode it with the version that made it, or name the model's weights (`sotto models` lists what is here)",
    )


def preset_by_name(model: Release, name: str) -> Preset:
    """Return a preset of a model."""
    if name not in model.presets:
        raise SottoError(f"no preset named {name!r}", f"choose one of {', '.join(model.presets)}")
    return model.presets[name]


def preset_by_index(model: Release, index: int) -> Preset:
    """Return the preset that a file names by its number."""
    for preset in model.presets.values():
        if preset.index == index:
            return preset
    raise SottoError(f"needs preset {index} of the model {model.name!r}, which has none", "update sottovoce")


def bit_rate(model: Release, preset: Preset) -> float:
    """Return the bits that a second of codes takes, without the file around them."""
    return sum(preset.bits) * model.sample_rate / model.step


def context_coder(model: Release, preset: Preset) -> ContextCoder | None:
    """Return what codes and decodes a preset's codes, at the start of a block; None where the model has no tables."""
    return _coder(model, PREFIX, preset)


def blocks_of(reader: Reader, model: Release, preset: Preset) -> Iterator[CodeBlock]:
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
