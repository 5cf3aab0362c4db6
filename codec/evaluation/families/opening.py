"""Files of families, found and tried before any work is done with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError

from sottovoce.codec.errors import SottoError, error_context
from sottovoce.models.families import store
from sottovoce.models.families.base import Family

FILE = "family.safetensors"


class Opened(NamedTuple):
    """A family's file, which was found to hold one."""

    name: str
    file: Path
    bytes: int
    sha256: str
    about: dict[str, Any]


def open_families(names: Sequence[str]) -> Iterator[tuple[Opened, Family]]:
    """Yield families by their names in the box, their files, or the run folders that `sotto train` left.

    Raises
    ------
    SottoError
        When there is none, two are called alike, or one can't be loaded.
    """
    seen = set()
    for given in names:
        file = store.find(given)
        if file.is_dir():
            file /= FILE
        name = file.resolve().parent.name if file.name == FILE else file.stem
        if name in seen:
            raise SottoError(f"two families are called {name}", "rename the folder of one of them", given)
        seen.add(name)
        with error_context(given):
            if not file.exists():
                bundled = ", ".join(store.available())
                raise SottoError(
                    "no bundled family of that name, and no such file",
                    f"name a run folder of `sotto train`, or one of {bundled}",
                )
            data = file.read_bytes()
            try:
                family, about = store.load(file)
            except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
                what = " ".join(str(error).split()).removeprefix(f"{file}: ")
                raise SottoError(
                    f"no family that can be loaded ({what})", "train it again, or choose another"
                ) from error
        yield Opened(name, file, len(data), hashlib.sha256(data).hexdigest(), about), family
