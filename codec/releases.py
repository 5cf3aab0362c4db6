"""The models in the box, found by name or by the id that a file carries."""

from functools import cache

from safetensors import SafetensorError

from sottovoce.codec.errors import SottoError
from sottovoce.models import release
from sottovoce.models.release import Preset, Release


@cache
def by_name(name: str) -> Release:
    """Load a model by its name, or from the path of its weights."""
    try:
        return release.load(name)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        names = release.available()
        remedy = f"choose one of {', '.join(names)}" if names else "install sottovoce again: there is none at all"
        raise SottoError(f"no model named {name!r}", remedy) from error


def by_id(model: bytes, known: Release | None = None) -> Release:
    """Find the model of a file, which names it by the first bytes of the SHA-256 of its weights.

    Parameters
    ----------
    model : bytes
        As the file's header has it.
    known : Release, optional
        One to look at before those in the box.
    """
    if known and known.id == model:
        return known
    for name in release.available():
        if by_name(name).id == model:
            return by_name(name)
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
