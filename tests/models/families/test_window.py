"""The neural language model computes what Bengio et al. wrote down."""

import torch
from torch import Tensor

from sottovoce.models.families.window import Window


def by_hand(model: Window, context: Tensor) -> Tensor:
    """Logits (256,) from the last classes (n,): embeddings side by side, two layers of tanh, a linear one."""
    mix = model.recent.mix
    side_by_side = torch.cat([model.recent.embed.weight[k] for k in context])
    first = torch.tanh(mix.weight.mT.flatten(1) @ side_by_side + mix.bias)
    second = torch.tanh(model.hidden.weight @ first + model.hidden.bias)
    return model.out.weight @ second + model.out.bias


@torch.no_grad()
def test_each_sample_is_scored_from_the_embeddings_of_the_last_ones():
    torch.manual_seed(0)
    model = Window("window", window=6, embedding=3, hidden=10).double()
    x = torch.randint(0, 256, (1, 20))
    logits = model(x)[0]
    for t in range(6, 20):
        assert torch.allclose(logits[t], by_hand(model, x[0, t - 6 : t]))
    before_the_beginning = torch.cat((torch.full((4,), 128), x[0, :2]))
    assert torch.allclose(logits[2], by_hand(model, before_the_beginning))
