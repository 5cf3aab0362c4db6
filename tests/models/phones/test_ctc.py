"""Our CTC against torch's, in value and gradient, and against all paths written out."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from sottovoce.models.phones.ctc import ctc_loss
from sottovoce.models.phones.labels import BLANK, collapse

TIMES = torch.tensor([40, 40, 30, 40, 9, 1, 5])
LENGTHS = torch.tensor([15, 10, 0, 1, 4, 1, 9])  # the last does not fit into its time


@pytest.fixture
def targets() -> torch.Tensor:
    torch.manual_seed(1)
    found = torch.randint(0, 11, (7, 15))
    found[1, :6] = 3  # repetitions need a blank between them
    return found


def test_as_torch_has_it(targets: torch.Tensor):
    torch.manual_seed(0)
    logits = torch.randn(7, 40, 12, requires_grad=True)
    weights = torch.rand(7)
    ours = ctc_loss(logits.log_softmax(-1), targets, TIMES, LENGTHS, 11)
    (mine,) = torch.autograd.grad((ours * weights).sum(), logits)
    scores = logits.log_softmax(-1).transpose(0, 1)
    theirs = F.ctc_loss(scores, targets, TIMES, LENGTHS, blank=11, reduction="none", zero_infinity=True)
    (expected,) = torch.autograd.grad((theirs * weights).sum(), logits)
    assert ours[-1] == 0 and (ours[:-1] > 0.5).all()
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(mine, expected, atol=1e-5, rtol=1e-3)


def test_all_paths():
    """The likelihood is the sum over every path that collapses to the target."""
    torch.manual_seed(0)
    scores = torch.randn(1, 4, BLANK + 1)
    scores[..., 3:BLANK] = -torch.inf  # three phones and blank are enough
    scores = scores.log_softmax(-1)
    for said in ([0], [1, 2], [2, 2], [0, 1, 0]):
        paths = itertools.product([0, 1, 2, BLANK], repeat=4)
        total = sum(scores[0, torch.arange(4), list(path)].sum().exp() for path in paths if collapse(path) == said)
        loss = ctc_loss(scores, torch.tensor([said]), torch.tensor([4]), torch.tensor([len(said)]), BLANK)
        assert float((-loss).exp()) == pytest.approx(float(total), rel=1e-4)


def test_what_lies_behind_the_ends_does_not_matter(targets: torch.Tensor):
    torch.manual_seed(0)
    logits = torch.randn(7, 40, 12)
    other, changed = logits.clone(), targets.clone()
    for i, (time, length) in enumerate(zip(TIMES, LENGTHS, strict=True)):
        other[i, time:] = 5 * torch.randn_like(other[i, time:])
        changed[i, length:] = (changed[i, length:] + 1) % 11
    first = ctc_loss(logits.log_softmax(-1), targets, TIMES, LENGTHS, 11)
    assert torch.equal(first, ctc_loss(other.log_softmax(-1), changed, TIMES, LENGTHS, 11))
