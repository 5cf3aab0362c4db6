"""Every layer of the flows: its inverse, and its stretch of space against autograd."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sottovoce.models.families.flows.actnorm import ActNorm
from sottovoce.models.families.flows.base import Chain, EarlyOutput, Invertible, Shuffle, standard_normal
from sottovoce.models.families.flows.coupling import MAX_LOG_SCALE, AdditiveCoupling, AffineCoupling
from sottovoce.models.families.flows.glow import step
from sottovoce.models.families.flows.mixing import InvertibleConv1x1

LAYERS: dict[str, Callable[[], Invertible]] = {
    "actnorm": lambda: ActNorm(4),
    "shuffle": lambda: Shuffle(4),
    "mixing": lambda: InvertibleConv1x1(4),
    "additive": lambda: AdditiveCoupling(4, 8, 2),
    "affine": lambda: AffineCoupling(4, 8, 2),
    "conditional affine": lambda: AffineCoupling(4, 8, 2, condition=3),
    "odd affine": lambda: AffineCoupling(5, 8, 2),
    "rest": lambda: EarlyOutput(2, AffineCoupling(2, 8, 2)),
    "chain": lambda: Chain([step(4, 8, 2), Shuffle(4), step(4, 8, 2)]),
}


def made(make: Callable[[], Invertible]) -> Invertible:
    """A layer that is not the identity, as layers are at the start."""
    torch.manual_seed(0)
    layer = make()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return layer.eval()


def condition_of(name: str, groups: int) -> Tensor | None:
    return torch.randn(1, groups, 3) if name.startswith("conditional") else None


@pytest.mark.parametrize("name", LAYERS)
def test_inverse(name: str):
    layer = made(LAYERS[name])
    x = torch.randn(1, 50, 5 if name.startswith("odd") else 4)
    condition = condition_of(name, 50)
    z, _ = layer(x, condition)
    assert not torch.equal(z, x)
    assert torch.allclose(layer.inverse(z, condition), x, atol=1e-5)
    assert torch.allclose(layer(layer.inverse(x, condition), condition)[0], x, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_log_determinant_is_autograds(name: str):
    layer = made(LAYERS[name])
    x = torch.randn(3, 5 if name.startswith("odd") else 4)
    condition = condition_of(name, 3)
    jacobian = torch.autograd.functional.jacobian(
        lambda flat: layer(flat.view(1, *x.shape), condition)[0].flatten(), x.flatten()
    )
    expected = torch.linalg.slogdet(jacobian.double())[1]
    assert layer(x[None], condition)[1].item() == pytest.approx(expected.item(), abs=1e-4)


def test_the_tutorials_exercise():
    """x uniform in (0, 1), y = 2 x + 1: the density of y is 1/2 on (1, 3)."""
    flow = ActNorm(1).eval()  # from y to x
    with torch.no_grad():
        flow.bias.fill_(-1)
        flow.log_scale.fill_(-math.log(2))
    y = torch.tensor([1.001, 1.5, 2.0, 2.999]).view(-1, 1, 1)
    x, log_det = flow(y)
    assert torch.allclose(x.flatten(), (y.flatten() - 1) / 2)
    assert ((x > 0) & (x < 1)).all()
    assert torch.allclose(log_det.exp(), torch.full((4,), 0.5))
    assert torch.allclose(flow.inverse(x), y)


def test_a_density_in_the_plane_integrates_to_one():
    flow = made(lambda: Chain([step(2, 8, 1), step(2, 8, 1), step(2, 8, 1)]))
    line = torch.linspace(-12, 12, 480)
    points = torch.cartesian_prod(line, line)[:, None]
    with torch.no_grad():
        z, log_det = flow(points)
    mass = (standard_normal(z) + log_det).exp().sum() * (line[1] - line[0]) ** 2
    assert mass.item() == pytest.approx(1, abs=2e-3)
    assert log_det.std() > 0.05  # it is no mere normal distribution


def test_shuffle_goes_through_alternating_masks():
    shuffle, order, moved = Shuffle(4), torch.arange(4.0).view(1, 1, 4), []
    for _ in range(4):
        order, _ = shuffle(order)
        moved.append(set(order[0, 0, 2:].int().tolist()))
    assert moved == [{0, 2}, {0, 1}, {1, 3}, {2, 3}]


def test_early_outputs_stay_as_they_are():
    x = torch.randn(2, 9, 4)
    z, _ = made(LAYERS["rest"])(x)
    assert torch.equal(z[..., :2], x[..., :2]) and not torch.equal(z[..., 2:], x[..., 2:])


def test_mixing_begins_as_a_rotation():
    torch.manual_seed(1)
    mixing = InvertibleConv1x1(6)
    matrix = mixing.matrix()
    assert torch.allclose(matrix @ matrix.T, torch.eye(6), atol=1e-5)
    assert mixing.log_scale.sum().item() == pytest.approx(0, abs=1e-5)


def test_couplings_begin_as_the_identity_and_stretch_boundedly():
    affine = AffineCoupling(4, 8, 2)
    x = torch.randn(2, 9, 4)
    z, log_det = affine(x)
    assert torch.equal(z, x) and torch.equal(log_det, torch.zeros(2))
    with torch.no_grad():
        affine.network.last.bias.fill_(1e6)
    assert affine(x)[1].max() <= 9 * 2 * MAX_LOG_SCALE + 1e-3


def test_additive_preserves_volume():
    assert torch.equal(made(LAYERS["additive"])(torch.randn(3, 7, 4))[1], torch.zeros(3))


def test_couplings_look_both_ways():
    affine = made(lambda: AffineCoupling(4, 8, 2))
    x = torch.randn(1, 20, 4)
    other = x.clone()
    other[0, 10, 0] += 1
    changed = (affine(x)[0] != affine(other)[0]).any(-1)[0]
    assert changed[9] and changed[11] and not changed[0] and not changed[19]


def test_actnorm_starts_on_its_first_training_batch():
    torch.manual_seed(0)
    layer, x = ActNorm(3), torch.randn(4, 500, 3) * torch.tensor([0.1, 1.0, 5.0]) + torch.tensor([3.0, 0.0, -2.0])
    assert torch.equal(layer.eval()(x)[0], x) and not layer.ready
    z, _ = layer.train()(x)
    assert torch.allclose(z.flatten(0, 1).mean(0), torch.zeros(3), atol=1e-4)
    assert torch.allclose(z.flatten(0, 1).std(0), torch.ones(3), atol=1e-4)
    held = layer.bias.detach().clone()
    layer(x + 100)
    assert torch.equal(layer.bias, held)


def test_actnorm_does_not_start_again_when_resumed():
    layer = ActNorm(3).train()
    layer(torch.randn(4, 50, 3))
    other = ActNorm(3).train()
    other.load_state_dict(layer.state_dict())
    other(100 + torch.randn(4, 50, 3))
    assert torch.equal(other.bias, layer.bias)


def test_actnorm_starts_on_silence():
    z, log_det = ActNorm(3).train()(torch.full((2, 40, 3), 0.5))
    assert torch.equal(z, torch.zeros_like(z)) and torch.isfinite(log_det).all()
