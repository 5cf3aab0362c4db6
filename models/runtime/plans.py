"""The layers of the networks, in the order and with the names of their torch modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

CYCLE = 4  # of the dilations of a linear core, where a config has none


class LayerSpec(NamedTuple):
    """A layer: its kind (conv, block, up, dense or relu), the name of its weights, and the shape of a convolution."""

    kind: str
    name: str
    taps: int = 1
    stride: int = 1
    dilation: int = 1


Plan = list[LayerSpec]


class _Names:
    """Numbers layers as torch.nn.Sequential does."""

    def __init__(self, prefix: str):
        self.prefix, self.plan = prefix, Plan()

    def add(self, kind: str, taps: int = 1, stride: int = 1) -> None:
        self.plan.append(LayerSpec(kind, f"{self.prefix}.{len(self.plan)}", taps, stride))

    def blocks(self, count: int, dilation: int = 1) -> None:
        """Add residual blocks, each with `dilation` times the dilation of the previous one."""
        for i in range(count):
            self.plan.append(LayerSpec("block", f"{self.prefix}.{len(self.plan)}", 3, 1, dilation**i))


def strided_encoder_plan(rate: int, table: dict[str, Any]) -> Plan:
    """Layers of `StridedEncoder` (models/strided_encoder.py) by the table `encoder`; blocks at 100, 50 and 25 Hz."""
    blocks, dilation = _blocks(table)
    names = _Names("encoder.layers")
    names.add("conv", 3)
    names.blocks(blocks[0], dilation)
    names.add("conv", 4, 2)
    names.blocks(blocks[1], dilation)
    if rate == 25:
        names.add("conv", 4, 2)
        names.blocks(blocks[2], dilation)
    names.add("relu")
    names.add("dense")
    return names.plan


def strided_conditioner_plan(rate: int, table: dict[str, Any]) -> Plan:
    """Layers of `StridedConditioner` (models/strided_conditioner.py) without its heads; blocks at 25, 50 and 100 Hz."""
    blocks, dilation = _blocks(table)
    names = _Names("conditioner.layers")
    if rate == 25:
        names.blocks(blocks[0], dilation)
        names.add("up")
    names.blocks(blocks[1], dilation)
    names.add("up")
    names.blocks(blocks[2], dilation)
    names.add("relu")
    return [LayerSpec("conv", "conditioner.enter", 3), *names.plan]


def linear_core_encoder_plan(table: dict[str, Any]) -> Plan:
    """Layers of `LinearCoreEncoder` (models/linear_core.py) after its first, by the table `encoder`."""
    count = table["blocks"]
    return [*_cycled("encoder.layers", table), LayerSpec("dense", f"encoder.layers.{count + 1}")]


def linear_core_conditioner_plan(table: dict[str, Any]) -> Plan:
    """Layers of `LinearCoreConditioner` (models/linear_core.py) after its first, by the table `conditioner`."""
    return [*_cycled("conditioner.layers", table), LayerSpec("dense", "conditioner.heads")]


def _cycled(prefix: str, table: dict[str, Any]) -> Plan:
    """Residual blocks as `models.layers.cycled` makes them, then a rectifier."""
    count, cycle = table["blocks"], table.get("cycle", CYCLE)
    blocks = [LayerSpec("block", f"{prefix}.{i}", 3, 1, 2 ** (i % cycle)) for i in range(count)]
    return [*blocks, LayerSpec("relu", f"{prefix}.{count}")]


def speaker_plan(blocks: int) -> Plan:
    """Layers of `SpeakerEncoder` (models/speaker.py) up to the pooling."""
    names = _Names("speaker.frames")
    names.add("conv", 5)
    names.blocks(blocks)
    names.add("relu")
    return names.plan


def _blocks(table: dict[str, Any]) -> tuple[Sequence[int], int]:
    """Numbers of residual blocks and their dilation, which configs of older models lack."""
    return table["blocks"], table.get("dilation", 1)
