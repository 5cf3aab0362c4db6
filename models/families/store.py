"""Families on disk: one safetensors file, whose metadata holds the settings of the family.

Matrices are stored as int8 with one scale per row, other tensors as float16. All published figures are those of the
stored weights.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as pack_tensors
from torch import Tensor

from sottovoce.models.families.base import Family
from sottovoce.models.families.kinds import make_family, resolve_settings
from sottovoce.models.files import replace

FORMAT = "sottovoce family 1"
MATRIX = 4096
"""Minimum number of elements of a matrix that is stored as int8."""
SCALE = "|scale"
TINY = 2.0**-24  # smallest positive float16


def save(family: Family, table: dict[str, Any], about: dict[str, Any], path: Path) -> None:
    """Write a family to a safetensors file.

    Parameters
    ----------
    family : Family
    table : dict
        The config's table `family`; stored with all defaults filled in.
    about : dict
        Facts about the training, as train.run_facts collects them.
    path : Path
        Output file, replaced atomically.
    """
    tensors: dict[str, Tensor] = {}
    for name, value in family.state_dict().items():
        if isinstance(value, Tensor):
            tensors |= _packed(name, value.detach().cpu().contiguous())
    head = {"format": FORMAT, "family": json.dumps(resolve_settings(table)[1]), "about": json.dumps(about)}
    with replace(path) as file:
        file.write(pack_tensors(tensors, head))


def _packed(name: str, value: Tensor) -> dict[str, Tensor]:
    """Stored form of a tensor: int8 with a scale per row, or float16."""
    if not value.is_floating_point():
        return {name: value}
    if value.ndim < 2 or value.numel() < MATRIX:
        return {name: value.half()}
    rows = value.float().flatten(1)
    scale = (rows.abs().amax(1, keepdim=True) / 127).half().clamp_min(TINY)
    whole = torch.round(rows / scale.float()).clamp(-127, 127)
    return {name: whole.to(torch.int8).view(value.shape), name + SCALE: scale[:, 0]}


def _unpacked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors in single precision, from their stored form."""
    found = {}
    for name, value in tensors.items():
        if name + SCALE in tensors:
            scale = tensors[name + SCALE].float().view(-1, *[1] * (value.ndim - 1))
            found[name] = value.float() * scale
        elif not name.endswith(SCALE):
            found[name] = value
    return found


def load(path: Path | str) -> tuple[Family, dict[str, Any]]:
    """Load a family in single precision.

    Parameters
    ----------
    path : Path or str
        A file that `save` wrote, or the name of a bundled family.

    Returns
    -------
    family : Family
        In evaluation mode.
    about : dict
        Facts about its training, and its settings as "family".

    Raises
    ------
    ValueError
        If the file is not a stored family.
    """
    with safe_open(find(path), "pt") as file:
        head = file.metadata() or {}
        if head.get("format") != FORMAT:
            raise ValueError(f"{path}: not a model family; `sotto train` writes one as family.safetensors")
        table, about = json.loads(head["family"]), json.loads(head["about"])
        family = make_family(table)
        family.load_state_dict(_unpacked({name: file.get_tensor(name) for name in file.keys()}))  # noqa: SIM118
    return family.float().eval(), about | {"family": table}


def available() -> list[str]:
    """Names of the bundled families."""
    folder = resources.files("sottovoce.models.families.released")
    return sorted(p.name.removesuffix(".safetensors") for p in folder.iterdir() if p.name.endswith(".safetensors"))


def find(path: Path | str) -> Path:
    """File of a family that is given as in `load`."""
    bundled = resources.files("sottovoce.models.families.released") / f"{path}.safetensors"
    return Path(str(bundled)) if bundled.is_file() else Path(path)


def parameters(family: Family) -> int:
    """Number of parameters of a family."""
    return sum(value.numel() for value in family.state_dict().values() if isinstance(value, torch.Tensor))
