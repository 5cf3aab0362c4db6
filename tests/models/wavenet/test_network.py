"""The WaveNet sees exactly its receptive field, and nothing that is yet to come."""

import pytest
import torch

from sottovoce.models.wavenet.network import GridLinear, WaveNet


def network(**options: int) -> WaveNet:
    torch.manual_seed(0)
    return WaveNet(**{"channels": 16, "skip": 24, "cycles": 2, "dilations": 5, "condition": 8} | options).double()


@pytest.mark.parametrize(("cycles", "dilations"), [(1, 1), (2, 5), (3, 4)])
def test_receptive_field(cycles: int, dilations: int):
    net = network(cycles=cycles, dilations=dilations)
    assert net.receptive_field == 1 + cycles * (2**dilations - 1)
    indices = torch.randint(0, 256, (1, 320, 6))
    condition = torch.randn(1, 2, 8).double()
    seen: list[torch.Tensor] = []
    hook = net.embed.register_forward_hook(lambda *a: seen.append(a[2].detach().requires_grad_()) or seen[-1])
    net(indices, condition)[0, 200].square().sum().backward()
    hook.remove()
    assert seen[0].grad is not None
    touched = seen[0].grad[0].abs().sum((1, 2)).nonzero()[:, 0]
    assert touched.max() == 200
    assert touched.min() == 200 - net.receptive_field + 1


def test_future_indices_change_nothing():
    net = network()
    indices, condition = torch.randint(0, 256, (2, 320, 6)), torch.randn(2, 2, 8).double()
    other = indices.clone()
    other[:, 201:] = torch.randint(0, 256, (2, 119, 6))
    before, after = net(indices, condition), net(other, condition)
    assert torch.equal(before[:, :201], after[:, :201])
    assert (before[:, 201] != after[:, 201]).any()


def test_conditioning_acts_from_its_frame_on():
    net = network()
    indices, condition = torch.randint(0, 256, (1, 640, 6)), torch.randn(1, 4, 8).double()
    other = condition.clone()
    other[:, 1] += 1
    same = (net(indices, condition) == net(indices, other)).all(-1)[0]
    assert same[:160].all() and not same[160:320].any()
    # it is heard on through the past columns, as far as those reach
    assert not same[320] and same[320 + net.receptive_field :].all()


def test_every_input_and_the_row_of_no_pitch_count():
    net = network()
    indices, condition = torch.randint(0, 256, (1, 160, 6)), torch.randn(1, 1, 8).double()
    for i in range(6):
        other = indices.clone()
        other[:, 100, i] = 256
        assert (net(indices, condition)[:, 100] != net(other, condition)[:, 100]).any()


def test_grid_weights_lie_on_the_int8_grid():
    torch.manual_seed(0)
    layer = GridLinear(40, 8)
    with torch.no_grad():
        layer.weight[3] *= 1e-3
        layer.weight[4] = 0
    weight = layer.grid_weight()
    scale = layer.weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
    level = (weight / scale).detach()
    assert torch.allclose(level, level.round(), atol=1e-3) and level.abs().max() <= 127.001
    assert (level[3].abs().max().round()) == 127
    assert ((weight - layer.weight).abs() <= scale * 0.501).all()
    x = torch.randn(5, 40)
    assert torch.equal(layer(x), torch.nn.functional.linear(x, weight, layer.bias))


def test_grid_gradient_is_the_identity():
    layer = GridLinear(6, 3)
    wanted = torch.randn(3, 6)
    (layer.grid_weight() * wanted).sum().backward()
    assert layer.weight.grad is not None and torch.equal(layer.weight.grad, wanted)


def test_another_number_of_outputs():
    assert network(outputs=30)(torch.randint(0, 256, (2, 160, 6)), torch.randn(2, 1, 8).double()).shape == (2, 160, 30)
