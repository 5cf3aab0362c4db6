"""The tokenizer in torch against the codec in numpy."""

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.codec import Codec
from sottovoce.models import release

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")
LENGTHS = (64000, 40001, 15)


@pytest.fixture(scope="module", params=["low", "default", "max"])
def pair(request):
    from sottovoce.torch import Tokenizer

    return Tokenizer(preset=request.param), Codec.load(preset=request.param)


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    wave = real_speech(4.0)[:64000]
    waves = np.zeros((3, 64000), np.float32)
    for row, (length, gain) in enumerate(zip(LENGTHS, (1, 0.1, 1), strict=True)):
        waves[row, :length] = gain * wave[:length]
        waves[row, length:] = 0.5  # is not part of the recording
    return waves


def test_codes_are_those_of_the_codec(pair, batch):
    tokenizer, codec = pair
    codes = tokenizer(torch.from_numpy(batch), torch.tensor(LENGTHS))
    assert codes.shape == (3, codec.num_codebooks, 100) and codes.dtype == torch.int64
    same = steps = 0
    for found, wave, length in zip(codes.numpy(), batch, LENGTHS, strict=True):
        expected = codec.codes(wave[:length], 16000)
        assert (found[:, len(expected) :] == -1).all()
        same += (expected == found[:, : len(expected)].T).all(1).sum()
        steps += len(expected)
    assert same >= 0.995 * steps


def test_levels_need_not_be_measured(pair, batch):
    tokenizer, codec = pair
    wave = torch.from_numpy(batch[:1])
    level = torch.tensor([codec.level(batch[0], 16000)])
    assert torch.equal(tokenizer.encode(wave, levels=level), tokenizer.encode(wave))


def test_log_mel_is_that_of_the_decoder(pair, batch):
    tokenizer, codec = pair
    codes = tokenizer(torch.from_numpy(batch), torch.tensor(LENGTHS))
    speaker = codec.speaker(batch[0], 16000)
    speakers = torch.tensor([list(speaker)] * 3)
    mel = tokenizer.decode(codes, speakers)
    assert mel.shape == (3, 80, 400)
    for found, one in zip(mel.numpy(), codes.numpy(), strict=True):
        kept = one[:, one[0] >= 0].T.astype(np.int16)
        expected = codec.model.network.log_mel(kept, speaker)
        assert np.abs(found[:, : len(expected)].T - expected).max() < 0.02
        assert not found[:, len(expected) :].any()


def test_gradients_reach_latents_and_no_weights(pair):
    tokenizer, _ = pair
    latents = torch.zeros(1, tokenizer.bottleneck.size, 5, requires_grad=True)
    tokenizer.log_mel(latents).sum().backward()
    assert latents.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in tokenizer.parameters())


def test_nothing(pair):
    tokenizer, codec = pair
    assert tokenizer.encode(torch.zeros(2, 1600), torch.tensor([1600, 0]))[1].eq(-1).all()
    assert tokenizer.decode(torch.full((1, codec.num_codebooks, 3), -1)).shape == (1, 80, 12)
