"""Models of one's own: weights in the current folder, or in the user's data folder."""

import json
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".safetensors"


def data_folder() -> Path:
    """Return the folder for models of one's own, such as ``~/.local/share/sottovoce/models``."""
    from platformdirs import user_data_path

    return user_data_path("sottovoce", appauthor=False) / "models"


def path_of(name: str) -> str:
    """Return the path of a model's weights: a file as it is, or a name with ``.safetensors`` here or in `data_folder`.

    A name of which there is no file is returned as it is.
    """
    if not Path(name).is_file():
        for folder in (Path(), data_folder()):
            path = folder / f"{name}{SUFFIX}"
            if path.is_file():
                return str(path)
    return name


def own_models() -> Iterator[tuple[str, Path, str]]:
    """Yield name, weights and SHA-256 (in hexadecimal, by the card) of the models here and in `data_folder`."""
    for folder in (Path(), data_folder()):
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                sha256 = json.loads(path.with_suffix(".json").read_text())["sha256"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # other weights
            if isinstance(sha256, str):
                yield path.stem, path, sha256
