"""The conventions of codecs in transformers, such as Mimi."""

import numpy as np
import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.adapters.huggingface import SottovoceModel
from sottovoce.codec.api import Codec

torch = pytest.importorskip("torch")

RATE = 16000


@pytest.fixture
def model(toy):
    return SottovoceModel.from_pretrained("default", preset="default").eval()


@pytest.fixture
def waves():
    return torch.from_numpy(np.random.default_rng(1).normal(0, 0.1, (2, 1, RATE)).astype(np.float32))


def test_codes_there_and_back(model, waves):
    codec = Codec.load()
    outputs = model.encode(waves)
    assert outputs.audio_codes.dtype == torch.int64
    assert outputs.audio_codes.shape == (2, codec.num_codebooks, codec.frame_rate)
    np.testing.assert_array_equal(outputs.audio_codes[1].numpy().T, codec.codes(waves[1, 0].numpy(), RATE))
    values = model.decode(outputs.audio_codes, speakers=outputs.speakers, levels=outputs.levels).audio_values
    assert values.shape == (2, 1, RATE)
    np.testing.assert_array_equal(values[0, 0].numpy(), codec.decode(codec.encode(waves[0, 0].numpy(), RATE)))
    assert torch.equal(model(waves).audio_values, values)
    assert model.decode(outputs.audio_codes).audio_values.shape == values.shape  # nobody in particular


def test_config(model):
    codec = Codec.load()
    assert model.config.sampling_rate == RATE
    assert model.config.num_quantizers == codec.num_codebooks
    assert model.config.hop_length * codec.frame_rate == RATE
    assert model.config.codebook_sizes == codec.codebook_sizes


def test_padding_is_not_encoded(model, waves):
    mask = torch.ones(2, RATE)
    mask[1, RATE // 2 :] = 0
    outputs = model.encode(waves, mask)
    alone = model.encode(waves[1:, :, : RATE // 2]).audio_codes[0]
    assert torch.equal(outputs.audio_codes[1, :, : alone.shape[1]], alone)
    assert torch.equal(outputs.audio_codes[1, :, -1], alone[:, -1])


def test_other_shapes(model, waves):
    expected = model.encode(waves).audio_codes
    assert torch.equal(model.encode(waves[:, 0]).audio_codes, expected)
    assert torch.equal(model.encode(waves[0, 0].numpy()).audio_codes, expected[:1])
    with pytest.raises(SottoError, match="2 channels can't be encoded; give mono recordings"):
        model.encode(torch.zeros(1, 2, RATE))
