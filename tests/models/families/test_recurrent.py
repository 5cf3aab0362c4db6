"""What recurrences can do and what makes them hard to train (tutorial, "Intermezzo: LSTM training dynamics")."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.families.recurrent import Recurrent


def test_parity_is_learned_on_short_strings_and_holds_on_long_ones():
    torch.manual_seed(0)
    model = Recurrent("lstm", hidden=16, embedding=4)
    generator = torch.Generator().manual_seed(0)

    def said(bits: Tensor) -> Tensor:
        return model.run(255 * bits, None)[0]  # the outermost classes look least alike

    optimiser = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(300):
        bits = torch.randint(0, 2, (32, 8), generator=generator)
        loss = F.cross_entropy(said(bits).flatten(0, 1), (bits.cumsum(1) % 2).flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    bits = torch.randint(0, 2, (20, 1000), generator=generator)
    with torch.no_grad():
        right = said(bits).argmax(-1) == bits.cumsum(1) % 2
    assert right.double().mean() > 0.999


def scalar(w: float) -> Recurrent:
    """h_t = tanh(w h_{t-1})."""
    model = Recurrent("rnn", hidden=1, embedding=1).double()
    with torch.no_grad():
        for value in model.recurrent.parameters():
            value.zero_()
        model.recurrent.weight_hh_l0.fill_(w)
    return model


@pytest.mark.parametrize("w", [0.5, 0.9, 1.0, 1.1, 2.0, -1.5])
@pytest.mark.parametrize("start", [0.0, 1e-6, 0.5])
def test_gradients_through_time_are_the_product_of_slopes(w: float, start: float):
    steps = 50
    first = torch.tensor([[[start]]], dtype=torch.double, requires_grad=True)
    _, last = scalar(w).run(torch.zeros(1, steps, dtype=torch.long), first)
    assert isinstance(last, Tensor)
    last.sum().backward()
    h, slopes = torch.tensor(start, dtype=torch.double), torch.tensor(1.0, dtype=torch.double)
    for _ in range(steps):
        h = torch.tanh(w * h)
        slopes = slopes * (1 - h**2)
    assert first.grad is not None
    assert first.grad.item() == pytest.approx(w**steps * slopes.item(), rel=1e-9)
    assert last.item() == pytest.approx(h.item())


@pytest.mark.parametrize(("scale", "least", "most"), [(0.8, 0, 1e-4), (1.0, 0.99, 1.01), (1.25, 1e4, 1e6)])
def test_gradients_vanish_or_explode_with_the_norm_of_the_weights(scale: float, least: float, most: float):
    torch.manual_seed(0)
    model = Recurrent("rnn", hidden=16, embedding=1).double()
    with torch.no_grad():
        for value in model.recurrent.parameters():
            value.zero_()
        model.recurrent.weight_hh_l0.copy_(scale * torch.linalg.qr(torch.randn(16, 16)).Q)
    first = torch.zeros(1, 1, 16, dtype=torch.double, requires_grad=True)
    _, last = model.run(torch.zeros(1, 50, dtype=torch.long), first)
    assert isinstance(last, Tensor)
    (last * F.normalize(torch.randn_like(last), dim=-1)).sum().backward()
    assert first.grad is not None
    assert first.grad.norm().item() == pytest.approx(scale**50, rel=1e-4)
    assert least <= first.grad.norm() <= most


def test_the_memory_cell_keeps_what_it_holds_where_a_plain_unit_forgets():
    model = Recurrent("lstm", hidden=1, embedding=1).double()
    with torch.no_grad():
        for value in model.recurrent.parameters():
            value.zero_()
        model.recurrent.bias_ih_l0.copy_(torch.tensor([-50.0, 50.0, 0.0, 0.0]))  # shut to input, open to memory
    cell = torch.full((1, 1, 1), 0.3, dtype=torch.double, requires_grad=True)
    _, state = model.run(torch.zeros(1, 500, dtype=torch.long), (torch.zeros_like(cell), cell))
    assert isinstance(state, tuple)
    state[1].sum().backward()
    assert cell.grad is not None
    assert state[1].item() == pytest.approx(0.3) and cell.grad.item() == pytest.approx(1)


def descend(clip: float) -> tuple[float, float]:
    """Loss and steepest gradient of descent on (h_50 - 0.7)^2, h_t = sigmoid(w h_{t-1} + b), h_0 = sigmoid(0.5).

    The start lies before the cliff of Pascanu et al. 2013, arXiv 1211.5063, figure 6.
    """
    weights = torch.tensor([5.0, -3.1], dtype=torch.double, requires_grad=True)
    steepest = 0.0
    for _ in range(150):
        h = torch.sigmoid(torch.tensor(0.5, dtype=torch.double))
        for _ in range(50):
            h = torch.sigmoid(weights[0] * h + weights[1])
        loss = (h - 0.7) ** 2
        (gradient,) = torch.autograd.grad(loss, weights)
        weights.grad = gradient
        steepest = max(steepest, float(nn.utils.clip_grad_norm_([weights], clip)))
        with torch.no_grad():
            weights -= 2 * weights.grad
    return loss.item(), steepest


def test_clipping_cures_the_cliff():
    thrown, steep = descend(clip=1e9)
    learned, _ = descend(clip=0.1)
    assert steep > 2
    assert thrown == pytest.approx(0.09, abs=1e-3)  # far out, where h is 1 and nothing is to be felt
    assert learned < 1e-3
