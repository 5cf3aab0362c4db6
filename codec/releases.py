"""The models in the box, found by name or by the id that a file carries."""

import os
from functools import lru_cache
from itertools import chain

from safetensors import SafetensorError

from sottovoce.codec.errors import SottoError, explained
from sottovoce.models import release
from sottovoce.models.release import Preset, Release


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
        if model in (one.id, *one.formerly):
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
