"""A probe reads what is there, does not read what is not, and leaves alone what it looks at."""

import pytest
import torch

from sottovoce.models.probing.network import accuracy, chance, fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, and labels that a linear map says of it."""
    vectors = torch.randn(count, 6, generator=seeded(seed))
    labels = (vectors @ torch.randn(6, 4, generator=seeded(99))).argmax(1)
    return vectors * torch.tensor([1e-4, 1, 1, 100, 1, 1]) + 50, labels  # a probe sees no scales and no offsets


def test_a_linear_label_is_read():
    probe = fit(*drawn(8000, 0), 4)
    assert accuracy(probe, *drawn(2000, 1)) > 96


def test_noise_is_chance():
    _, labels = drawn(8000, 0)
    probe = fit(torch.randn(8000, 6, generator=seeded(5)), labels, 4)
    held_out = torch.randint(4, (4000,), generator=seeded(6))
    assert accuracy(probe, torch.randn(4000, 6, generator=seeded(7)), held_out) == pytest.approx(25, abs=3)


def test_chance_is_always_guessing_what_was_frequent():
    assert chance(torch.tensor([0, 1, 1, 2]), torch.tensor([1, 0, 0, 0, 1])) == pytest.approx(40)


def test_a_constant_is_no_trouble():
    vectors, labels = drawn(1000, 0)
    vectors[:, 0] = 3.0
    assert fit(vectors, labels, 4)(vectors).isfinite().all()


def test_it_is_seeded_and_disturbs_no_other_randomness():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    first, second = fit(*drawn(500, 0), 4), fit(*drawn(500, 0), 4)
    assert torch.equal(torch.rand(3), expected)
    vectors = drawn(100, 1)[0]
    assert torch.equal(first(vectors), second(vectors))


def test_no_gradient_passes():
    vectors, labels = drawn(500, 0)
    source = torch.nn.Linear(6, 6)
    heard = source(vectors)
    fit(heard, labels, 4)
    assert source.weight.grad is None
