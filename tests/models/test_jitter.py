"""Time jitter: how often, and never three in a row."""

import pytest
import torch

from sottovoce.models.jitter import jitter, sample_moves


def moves_of(probability: float, steps: int = 2000) -> torch.Tensor:
    return sample_moves((20, steps), probability, torch.Generator().manual_seed(0))


def test_identity_at_zero():
    z = torch.randn(3, 4, 50)
    moves = sample_moves((3, 50), 0.0, torch.Generator().manual_seed(1))
    assert not moves.any()
    assert torch.equal(jitter(z, moves), z)


@pytest.mark.parametrize("probability", [0.12, 0.5, 1.0])
def test_probability(probability: float):
    moves = moves_of(probability)
    assert set(moves.unique().tolist()) <= {-1, 0, 1}
    assert (moves == 1).float().mean() == pytest.approx(probability / 2, abs=0.01)
    # half of them go the other way, but for those that would make three in a row
    right_first = (moves[:, :-2] == 1).float().mean()
    expected = probability / 2 * (1 - right_first)
    assert (moves[:, 2:] == -1).float().mean() == pytest.approx(float(expected), abs=0.01)


@pytest.mark.parametrize("probability", [0.12, 0.9, 1.0])
def test_never_three_in_a_row(probability: float):
    moves = moves_of(probability, 500)
    heard = jitter(torch.arange(500.0).expand(20, 1, 500), moves)[:, 0]
    three = (heard[:, :-2] == heard[:, 1:-1]) & (heard[:, 1:-1] == heard[:, 2:])
    assert not three.any()
    assert (heard[:, :-1] == heard[:, 1:]).any()
    assert (heard - torch.arange(500.0)).abs().max() == 1
