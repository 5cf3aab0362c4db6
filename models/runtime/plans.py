"""Which layers the networks consist of, in the order and with the names of their torch modules."""

from __future__ import annotations

from collections.abc import Sequence

Plan = list[tuple[str, str, int, int]]


class _Names:
    """Counts modules as torch.nn.Sequential does."""

    def __init__(self, prefix: str):
        self.prefix, self.plan = prefix, Plan()

    def add(self, kind: str, taps: int = 1, stride: int = 1, count: int = 1) -> None:
        for _ in range(count):
            self.plan.append((kind, f"{self.prefix}.{len(self.plan)}", taps, stride))


def encoder_plan(rate: int, blocks: Sequence[int]) -> Plan:
    """Layers of `Encoder` (models/encoder.py); blocks at 100, 50 and 25 Hz."""
    names = _Names("encoder.layers")
    names.add("conv", 3)
    names.add("block", count=blocks[0])
    names.add("conv", 4, 2)
    names.add("block", count=blocks[1])
    if rate == 25:
        names.add("conv", 4, 2)
        names.add("block", count=blocks[2])
    names.add("relu")
    names.add("dense")
    return names.plan


def conditioner_plan(rate: int, blocks: Sequence[int]) -> Plan:
    """Layers of `Conditioner` (models/conditioner.py) without its heads; blocks at 25, 50 and 100 Hz."""
    names = _Names("conditioner.layers")
    if rate == 25:
        names.add("block", count=blocks[0])
        names.add("up")
    names.add("block", count=blocks[1])
    names.add("up")
    names.add("block", count=blocks[2])
    names.add("relu")
    return [("conv", "conditioner.enter", 3, 1), *names.plan]


def speaker_plan(blocks: int) -> Plan:
    """Layers of `SpeakerEncoder` (models/speaker.py) up to the pooling."""
    names = _Names("speaker.frames")
    names.add("conv", 5)
    names.add("block", count=blocks)
    names.add("relu")
    return names.plan
