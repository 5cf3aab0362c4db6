"""Families on disk: one safetensors file, which says in its head how to make the family.

Matrices are kept as int8 with a scale a row, the rest as float16. What is measured of a family is measured of its file.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from sottovoce.models.families.base import Family
from sottovoce.models.families.kinds import make_family, settled

FORMAT = "sottovoce family 1"
MATRIX = 4096
"""Numbers from which on a matrix is kept as int8."""
SCALE = "|scale"
TINY = 2.0**-24  # the least scale that float16 has


def save(family: Family, table: dict[str, Any], about: dict[str, Any], path: Path) -> None:
    """Write a family's weights, what its config's table `family` means, and what is to be known of its training."""
    tensors: dict[str, Tensor] = {}
    for name, value in family.state_dict().items():
        if isinstance(value, Tensor):
            tensors |= _packed(name, value.detach().cpu().contiguous())
    head = {"format": FORMAT, "family": json.dumps(settled(table)[1]), "about": json.dumps(about)}
    draft = path.with_suffix(".tmp")
    save_file(tensors, draft, head)
    draft.replace(path)


def _packed(name: str, value: Tensor) -> dict[str, Tensor]:
    """A tensor as it is stored."""
    if not value.is_floating_point():
        return {name: value}
    if value.ndim < 2 or value.numel() < MATRIX:
        return {name: value.half()}
    rows = value.float().flatten(1)
    scale = (rows.abs().amax(1, keepdim=True) / 127).half().clamp_min(TINY)
    whole = torch.round(rows / scale.float()).clamp(-127, 127)
    return {name: whole.to(torch.int8).view(value.shape), name + SCALE: scale[:, 0]}


def _unpacked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What was stored, in single precision."""
    found = {}
    for name, value in tensors.items():
        if name + SCALE in tensors:
            scale = tensors[name + SCALE].float().view(-1, *[1] * (value.ndim - 1))
            found[name] = value.float() * scale
        elif not name.endswith(SCALE):
            found[name] = value
    return found


def load(path: Path | str) -> tuple[Family, dict[str, Any]]:
    """A family, ready to use in single precision, and what is to be known of its training.

    `path` is a file that `save` wrote, or the name of one in the box.

    Raises
    ------
    ValueError
        Where the file is none of ours.
    """
    with safe_open(find(path), "pt") as file:
        head = file.metadata() or {}
        if head.get("format") != FORMAT:
            raise ValueError(f"{path}: no family of models; `sotto train` writes one as family.safetensors")
        table, about = json.loads(head["family"]), json.loads(head["about"])
        family = make_family(table)
        family.load_state_dict(_unpacked({name: file.get_tensor(name) for name in file.keys()}))  # noqa: SIM118
    return family.float().eval(), about | {"family": table}


def available() -> list[str]:
    """Names of the families in the box."""
    folder = resources.files("sottovoce.models.families.released")
    return sorted(p.name.removesuffix(".safetensors") for p in folder.iterdir() if p.name.endswith(".safetensors"))


def find(path: Path | str) -> Path:
    """The file of a family that is named as in `load`."""
    boxed = resources.files("sottovoce.models.families.released") / f"{path}.safetensors"
    return Path(str(boxed)) if boxed.is_file() else Path(path)


def parameters(family: Family) -> int:
    """Numbers that a family has learned."""
    return sum(value.numel() for value in family.state_dict().values() if isinstance(value, torch.Tensor))
