import math

import numpy as np
import pytest
import torch

from sottovoce.models.wavenet.excitation import compress, expand
from sottovoce.models.wavenet.network import WaveNet
from sottovoce.models.wavenet.quantize import Ranges, _requantiser, calibrate, quantize
from sottovoce.models.wavenet.tables import tanh_of


def test_requantiser_reproduces_ratios():
    ratio = np.exp(np.random.default_rng(0).uniform(-14, -1, 1000))
    shift, multiplier = _requantiser(ratio)
    assert np.abs(multiplier * 2.0 ** -(15.0 + shift) / ratio - 1).max() < 2**-14
    with pytest.raises(ValueError, match="calibrate"):
        _requantiser(np.array([0.7]))


def test_weights_are_those_of_training(small):
    arrays = small.tables.arrays
    first = small.network.layers[0].dilated.grid_weight().numpy()
    step = np.abs(first).max(1, keepdims=True) / 127
    np.testing.assert_allclose(arrays["dilated"][0] * step, first, atol=1e-9)


def test_tanh_of_every_input(small):
    table = tanh_of(small.tables.arrays["tanh"])
    u = np.arange(-(2**15), 2**15)
    error = table[u.astype(np.uint16)] / 2**15 - np.tanh(u / 2**12)
    assert np.abs(error).max() < 2e-4
    assert table[0] == 0
    np.testing.assert_array_equal(table[(-u[1:]).astype(np.uint16)], -table[u[1:].astype(np.uint16)])


def test_companding_is_that_of_training(small):
    arrays = small.tables.arrays
    v = (np.arange(-8192, 8192) + 0.5) / 1024
    np.testing.assert_array_equal(arrays["compress"], compress(torch.from_numpy(v)))
    assert arrays["compress"][8192] == 128  # of silence
    np.testing.assert_allclose(arrays["expand"] / 4096, expand(torch.arange(256)), atol=2e-4)


def test_widths_cover_the_range(small):
    assert abs(np.exp2(small.tables.arrays["width"] / 256).sum() - 16) < 0.05


def test_embeddings_cannot_overflow(small):
    rows = np.abs(small.tables.arrays["embed"].astype(int)).reshape(6, 257, -1)
    assert rows.max(1).sum(0).max() <= 32770  # six roundings


def test_ranges(small):
    half = [
        calibrate(small.network, small.indices[:, a : a + 480], small.condition[:, a // 160 : (a + 480) // 160])
        for a in (0, 480)
    ]
    widest = Ranges.widest(half)
    assert widest.skip == max(half[0].skip, half[1].skip)
    assert 0 < widest.residual < 2 * small.ranges.residual


def test_large_bias_on_a_small_row(small):
    state = {name: value.clone() for name, value in small.network.state_dict().items()}
    state["layers.0.out.weight"][3] = 0
    state["layers.0.out.bias"][3] = 1.5
    arrays = quantize(state, small.ranges, small.dilations)
    got = arrays["out_bias"][0, 3] * 2.0 ** -(15.0 + arrays["out_shift"][0, 3]) * arrays["out_multiplier"][0, 3]
    unit = 2 * small.ranges.residual / 32767
    assert math.isclose(got * unit, 1.5, rel_tol=0.05)


def test_refuses_other_networks(small):
    mixture = WaveNet(channels=32, skip=32, dilations=7, condition=24, outputs=30)
    with pytest.raises(ValueError, match="softmax"):
        quantize(mixture.state_dict(), small.ranges, small.dilations)
    plain = WaveNet(inputs=1, channels=32, skip=32, dilations=7, condition=24)
    with pytest.raises(ValueError, match="6 indices"):
        quantize(plain.state_dict(), small.ranges, small.dilations)
    with pytest.raises(ValueError, match="dilations"):
        quantize(small.network.state_dict(), small.ranges, small.dilations[:-1])
