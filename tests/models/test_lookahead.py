"""Encoder and conditioner: what a step depends on, exactly; speaker encoder: any length."""

import numpy as np
import pytest
import torch
from helpers import tiny

from sottovoce.models.features import frames, log_mel
from sottovoce.models.runtime.encoder import FRAME_OVERHANG
from sottovoce.models.speaker import SpeakerEncoder
from sottovoce.models.strided_conditioner import StridedConditioner
from sottovoce.models.strided_encoder import StridedEncoder


def depends(function, x: torch.Tensor, step: int) -> list[int]:
    """Positions of x (1, C, N) on which output `step` depends, by its gradient."""
    x = x.clone().requires_grad_()
    function(x)[0, :, step].square().sum().backward()
    assert x.grad is not None
    return x.grad[0].abs().sum(0).nonzero()[:, 0].tolist()


@pytest.mark.parametrize("rate", [25, 50])
@pytest.mark.parametrize("dilation", [1, 2])
def test_encoder_looks_ahead_as_far_as_declared(rate: int, dilation: int):
    encoder = tiny.shaken(StridedEncoder(6, 4, rate, (16, 16, 16), (2, 1, 1), dilation).double())
    step = encoder.step
    assert step == 100 // rate
    x = torch.randn(1, 6, 20 * step, dtype=torch.double)
    assert encoder(x).shape == (1, 4, 20)
    seen = depends(encoder, x, 9)
    assert max(seen) == 9 * step + step - 1 + encoder.lookahead_frames
    assert min(seen) < 9 * step  # and it has a past
    assert max(depends(encoder, x, 0)) == 2 * step - 1


@pytest.mark.parametrize("rate", [25, 50])
def test_encoder_ignores_what_lies_beyond(rate: int):
    encoder = tiny.shaken(StridedEncoder(6, 4, rate, (16, 16, 16), (2, 1, 1)))
    x = torch.randn(1, 6, 20 * encoder.step)
    edge = 10 * encoder.step + encoder.lookahead_frames  # steps 0..9 do not see this frame
    y = x.clone()
    y[:, :, edge:] += 1
    before, after = encoder(x), encoder(y)
    assert torch.equal(before[:, :, :10], after[:, :, :10])
    assert (before[:, :, 10] != after[:, :, 10]).any()


def test_dilated_blocks_look_further_back():
    x = torch.randn(1, 6, 160, dtype=torch.double)
    reach = []
    for dilation in (1, 2, 3):
        encoder = tiny.shaken(StridedEncoder(6, 4, 25, (16, 16, 16), (3, 1, 2), dilation).double())
        reach.append(min(depends(encoder, x, 30)))
    # at 100 Hz two frames for each stride of 1, d and d x d; at 25 Hz two for 1 and d, each of them four frames
    assert reach[0] - reach[1] == 2 * (7 - 3) + 8 * (3 - 2)
    assert reach[0] - reach[2] == 2 * (13 - 3) + 8 * (4 - 2)


def test_encoder_rejects_other_rates():
    with pytest.raises(ValueError, match="25 or 50"):
        StridedEncoder(6, 4, 33)


@pytest.mark.parametrize("rate", [25, 50])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conditioner_looks_one_step_ahead(rate: int, dilation: int):
    conditioner = tiny.shaken(StridedConditioner(4, 3, rate, (16, 16, 16), (1, 1, 2), dilation=dilation).double())
    z, speaker = torch.randn(1, 4, 12, dtype=torch.double), torch.randn(1, 3, dtype=torch.double)
    per_step = 100 // rate
    assert conditioner(z, speaker).shape == (1, 16, 12 * per_step)
    for frame in (5 * per_step, 5 * per_step + per_step - 1):
        seen = depends(lambda x: conditioner(x, speaker), z, frame)
        assert max(seen) == 6 and 4 in seen
    other = z.clone()
    other[:, :, 7:] += 1
    same = conditioner(z, speaker)[:, :, : 6 * per_step] == conditioner(other, speaker)[:, :, : 6 * per_step]
    assert same.all()


def test_conditioner_heads():
    conditioner = StridedConditioner(4, 3, 25, (16, 16, 16), (1, 1, 1))
    mel, pitch, voicing = conditioner.decoded(torch.randn(2, 16, 8))
    assert mel.shape == (2, 80, 8) and pitch.shape == voicing.shape == (2, 8)


def test_a_frame_sees_no_further_than_its_reach():
    wave = torch.zeros(3200).numpy()
    other = wave.copy()
    other[640 + FRAME_OVERHANG :] = 0.5  # the first step's frames, 0..3, end here
    assert (log_mel(frames(wave))[:4] == log_mel(frames(other))[:4]).all()


@pytest.mark.parametrize("length", [1, 2, 7, 300])
def test_speaker_encoder_takes_any_length(length: int):
    encoder = tiny.shaken(SpeakerEncoder(8))
    assert torch.isfinite(encoder(torch.randn(2, 80, length))).all()


def test_speaker_vector_does_not_depend_on_order_of_sounds():
    encoder = SpeakerEncoder(8)
    steady = torch.from_numpy(np.repeat(np.random.default_rng(0).standard_normal((2, 80, 1)), 200, 2)).float()
    ab, ba = torch.cat((steady[:1], steady[1:]), 2), torch.cat((steady[1:], steady[:1]), 2)
    assert torch.allclose(encoder(ab), encoder(ba), atol=0.05)
    assert not torch.allclose(encoder(ab), encoder(steady[:1]), atol=0.05)
