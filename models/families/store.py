"""Families on disk: one safetensors file in half precision, which says in its head how to make the family."""

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
from sottovoce.models.families.kinds import make_family

FORMAT = "sottovoce family 1"


def save(family: Family, table: dict[str, Any], about: dict[str, Any], path: Path) -> None:
    """Write a family's weights, the table `family` of its config, and what is to be known of its training."""
    tensors = {name: _half(value) for name, value in family.state_dict().items() if isinstance(value, Tensor)}
    head = {"format": FORMAT, "family": json.dumps(table), "about": json.dumps(about)}
    draft = path.with_suffix(".tmp")
    save_file(tensors, draft, head)
    draft.replace(path)


def _half(value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if value.is_floating_point() else value


def load(path: Path | str) -> tuple[Family, dict[str, Any]]:
    """A family, ready to use in single precision, and what is to be known of its training.

    `path` is a file that `save` wrote, or the name of one in the box.

    Raises
    ------
    ValueError
        Where the file is none of ours.
    """
    found = _boxed(str(path)) or Path(path)
    with safe_open(found, "pt") as file:
        head = file.metadata() or {}
        if head.get("format") != FORMAT:
            raise ValueError(f"{path}: no family of models; `sotto train` writes one as family.safetensors")
        table, about = json.loads(head["family"]), json.loads(head["about"])
        family = make_family(table)
        family.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    return family.float().eval(), about | {"family": table}


def available() -> list[str]:
    """Names of the families in the box."""
    folder = resources.files("sottovoce.models.families.released")
    return sorted(p.name.removesuffix(".safetensors") for p in folder.iterdir() if p.name.endswith(".safetensors"))


def _boxed(name: str) -> Path | None:
    path = resources.files("sottovoce.models.families.released") / f"{name}.safetensors"
    return Path(str(path)) if path.is_file() else None


def parameters(family: Family) -> int:
    """Numbers that a family has learned."""
    return sum(value.numel() for value in family.state_dict().values() if isinstance(value, torch.Tensor))
