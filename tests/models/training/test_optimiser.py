"""Muon and the learning rates of parts of a model."""

import pytest
import torch
from torch import nn

from sottovoce.models.training.errors import TrainingError
from sottovoce.models.training.muon import orthogonalise
from sottovoce.models.training.optimiser import make_optimiser, set_learning_rate


@pytest.mark.parametrize("shape", [(12, 40), (40, 12), (16, 16)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int]):
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert values.min() > 0.4 and values.max() < 1.3


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv1d(6, 8, 3), nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.relu(self.first(x)).mean(2))


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_loss_falls(kind: str):
    model = Pair()
    optimiser = make_optimiser(model, model, {"optimiser": kind, "rates": {}}, 1e-2)
    x, y = torch.randn(32, 6, 9), torch.randn(32, 5)
    losses = []
    for _ in range(60):
        loss = (model(x) - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_a_part_has_its_own_learning_rate(kind: str):
    model = Pair()
    optimiser = make_optimiser(model, model, {"optimiser": kind, "rates": {"first": 0.0}}, 1e-2)
    set_learning_rate(optimiser, 1e-2)
    before = [p.detach().clone() for p in model.parameters()]
    model(torch.randn(4, 6, 9)).square().mean().backward()
    optimiser.step()
    moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert moved == [False, False, True, True]


def test_muon_is_for_matrices_of_layers():
    model = Pair()
    optimiser = make_optimiser(model, model, {"optimiser": "muon", "rates": {}}, 1e-2)
    shapes = {group["muon"]: sorted(tuple(p.shape) for p in group["params"]) for group in optimiser.param_groups}
    assert shapes == {True: [(5, 8), (8, 6, 3)], False: [(5,), (8,)]}


def test_other_optimisers_are_refused():
    with pytest.raises(TrainingError, match="choose adam or muon"):
        make_optimiser(Pair(), Pair(), {"optimiser": "sgd", "rates": {}}, 1e-2)
