"""Find the model, preset and context tables for a name or for the header of a file."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Protocol

from safetensors import SafetensorError

from sottovoce.codec.bits import CodeBlock, Header
from sottovoce.codec.bits.context.coder import ContextCoder, ContextModel, ContextNetwork
from sottovoce.codec.errors import SottoError, from_os_error
from sottovoce.codec.own_models import own_models, path_of
from sottovoce.models import release
from sottovoce.models.release import Preset, Release, former_prefix

PREFIX = "context."
"""Prefix of the names of the context tables among a model's weights."""


def by_name(name: str) -> Release:
    """Load a model by its name, bundled or one's own (see `path_of`), or from the path of its weights."""
    names = release.available()
    bundled = name in names
    name = name if bundled else path_of(name)
    try:
        return loaded(name, () if bundled else _version(name))
    except FileNotFoundError as error:
        others = [one for one, _, _ in own_models()]
        remedy = f"choose one of {', '.join([*names, *others])}, or name its file"
        remedy = remedy if names else "install sottovoce again: there is none at all"
        raise SottoError(f"no model named {name!r}", remedy) from error
    except OSError as error:
        raise from_os_error(error, name) from error
    except (ValueError, KeyError, SafetensorError) as error:
        remedy = (
            "install sottovoce again" if bundled else "give weights that `sotto export` wrote, their card beside them"
        )
        raise SottoError(f"the model {name!r} can't be used ({error})", remedy) from error


@lru_cache(maxsize=8)
def loaded(name: str, version: tuple[int, ...]) -> Release:
    """Load a model once for each version of its weights: the file at a path may change, a bundled model does not."""
    return release.load(name)


def _version(path: str) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def by_id(model: bytes, known: Release | None = None) -> Release:
    """Find the model of a file, which names it by the first bytes of the SHA-256 of its weights.

    Besides the bundled models these are the user's own, in the current folder and in `data_folder`.

    Parameters
    ----------
    model : bytes
        Id of the model, from the header of the file.
    known : Release, optional
        A model to try before the bundled ones.

    Raises
    ------
    SottoError
        When the model is not available.
    """
    names = release.available()
    for one in chain([known] if known else [], map(by_name, names)):
        if model in (one.id, *one.previous_ids):
            return one
    for _, path, sha256 in own_models():
        if sha256.startswith(model.hex()):
            return by_name(str(path))
    raise SottoError(
        f"needs the model {model.hex()}, which is not here",
        "give its weights: --model FILE, or install the version of sottovoce that made it",
    )


def preset_by_name(model: Release, name: str) -> Preset:
    """Return a preset of a model."""
    if name not in model.presets:
        raise SottoError(f"no preset named {name!r}", f"choose one of {', '.join(model.presets)}")
    return model.presets[name]


def preset_by_index(model: Release, index: int) -> Preset:
    """Return the preset whose index is in the header of a file."""
    for preset in model.presets.values():
        if preset.index == index:
            return preset
    raise SottoError(f"needs preset {index} of the model {model.name!r}, which has none", "update sottovoce")


def bit_rate(model: Release, preset: Preset) -> float:
    """Return the bits per second of the codes, before entropy coding and without the file around them."""
    return sum(preset.bits) * model.sample_rate / model.step


def context_coder(model: Release, preset: Preset) -> ContextCoder | None:
    """Return the entropy coder of a preset at the start of a block; None for a model without context tables."""
    return _coder(model, PREFIX, preset)


def context_network(model: Release, preset: Preset) -> ContextNetwork | None:
    """Return the tables of the entropy coder of a preset; None for a model without context tables."""
    tables = _context_model(model, PREFIX)
    return tables.pack(preset.index, preset.books) if tables else None


class BlockReader(Protocol):
    """A file or a message whose header is known."""

    header: Header

    def blocks(
        self, widths: Iterable[int], *, step: int, block_steps: int = ..., coder: ContextCoder | None = ...
    ) -> Iterator[CodeBlock]:
        """Iterate over the blocks."""


def blocks_of(reader: BlockReader, model: Release, preset: Preset) -> Iterator[CodeBlock]:
    """Return the blocks of a file of `model` and `preset`.

    Raises
    ------
    SottoError
        When they were coded with context tables of an earlier version that the model no longer contains.
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
