"""Untrained networks whose activations are alive, and their integer tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.network import WaveNet
from sottovoce.models.wavenet.quantize import Ranges, calibrate, quantize
from sottovoce.models.wavenet.tables import Tables


class Case(NamedTuple):
    """A network, inputs for it, and what the sampler makes of it."""

    network: WaveNet
    dilations: list[int]
    indices: Tensor
    condition: Tensor
    ranges: Ranges
    tables: Tables


def _case(channels: int, skip: int, dilations: int, time: int = 960) -> Case:
    torch.manual_seed(channels)
    network = WaveNet(channels=channels, skip=skip, cycles=2, dilations=dilations, condition=24)
    with torch.no_grad():
        for layer in network.layers:
            layer.dilated.weight.mul_(2)
        network.condition.weight.mul_(2)
        network.head1.weight.mul_(2)
        network.head2.weight.mul_(4)
    network = network.double().eval().requires_grad_(False)
    indices = torch.randint(0, 256, (1, time, 6))
    indices[:, : time // 2, 3:] = 256
    condition = torch.randn(1, time // 160, 24).double()
    spacing = [layer.dilation for layer in network.layers]
    ranges = calibrate(network, indices, condition)
    tables = Tables(quantize(network.state_dict(), ranges, spacing))
    return Case(network, spacing, indices, condition, ranges, tables)


@pytest.fixture(scope="session", params=[(32, 32, 7), (48, 64, 4), (64, 64, 10), (80, 16, 3)], ids=str)
def case(request) -> Case:
    """Networks of several sizes."""
    return _case(*request.param)


@pytest.fixture(scope="session")
def small() -> Case:
    """The quickest of them."""
    return _case(32, 32, 7)


def make_frames(tables: Tables, streams: int, n: int, seed: int = 0) -> Frames:
    """Something like speech: a stable predictor, changing gains and periods, every temperature and floor."""
    draw = np.random.default_rng(seed)
    shape = (streams, n)
    lpc = np.zeros((*shape, 16), np.int16)
    lpc[..., 0], lpc[..., 1], lpc[..., 15] = 4900, -2300, 200
    return Frames(
        lpc=lpc,
        gain=draw.integers(400, 9000, shape),
        period=draw.integers(3, 501, shape),
        voiced=draw.integers(0, 2, shape),
        inverse_temperature=draw.choice([1, 3000, 4096, 8192, 16384], shape),
        probability_floor=draw.choice([0, 40, 65535], shape),
        cond=draw.integers(-1500, 1500, (*shape, tables.layers * 2 * tables.channels)).astype(np.int16),
    )


@pytest.fixture(scope="session", name="make_frames")
def _make_frames():
    return make_frames
