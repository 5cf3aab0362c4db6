"""The unconditional WaveNet is the codec's, told nothing."""

import torch

from sottovoce.models.families.base import shift_right
from sottovoce.models.families.classes import SILENCE
from sottovoce.models.families.wavenet import UnconditionalWaveNet


def model() -> UnconditionalWaveNet:
    torch.manual_seed(0)
    return UnconditionalWaveNet("wavenet", channels=8, skip=6, cycles=2, dilations=4).double()


@torch.no_grad()
def test_it_is_the_codecs_wavenet_under_a_condition_of_zeros():
    family, x = model(), torch.randint(0, 256, (2, 480))
    told_frame_by_frame = family.net(shift_right(x)[..., None], torch.zeros(2, 3, 1).double())
    assert torch.allclose(family(x), told_frame_by_frame, atol=1e-12)


def test_any_length_will_do_and_reach_grows_with_the_dilations():
    family = model()
    assert family.receptive_field == 1 + 2 * (1 + 2 + 4 + 8)
    assert family(torch.randint(0, 256, (1, 37))).shape == (1, 37, 256)
    assert UnconditionalWaveNet("wavenet").receptive_field == 2047


@torch.no_grad()
def test_the_state_does_not_grow():
    family = model()
    state, last = family.start(1), torch.tensor([SILENCE])
    sizes = [queue.shape for queue in state.queues]
    for _ in range(50):
        _, state = family.step(last, state)
    assert [queue.shape for queue in state.queues] == sizes == [(1, d, 8) for d in (1, 2, 4, 8) * 2]
