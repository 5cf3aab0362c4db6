"""The conventions of Codec-SUPERB's `SoundCodec.base_codec.general.BaseCodec`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sottovoce.codec.adapters.superb import SuperbCodec
from sottovoce.codec.api import Codec

torch = pytest.importorskip("torch")

RATE = 16000


@pytest.fixture
def wave():
    return np.random.default_rng(1).normal(0, 0.1, RATE + 100).astype(np.float32)


@pytest.fixture
def superb(toy):
    return SuperbCodec()


def data(wave, rate=RATE, name="a"):
    return {"id": name, "audio": {"array": wave, "sampling_rate": rate}}


def test_units_are_codes_and_decode_to_what_the_file_does(superb, wave):
    assert (superb.sampling_rate, superb.setting, superb.supports_decode) == (RATE, "sottovoce_default", True)
    extracted = superb.extract_unit(data(wave))
    codec = Codec.load()
    assert isinstance(extracted.unit, torch.Tensor)
    np.testing.assert_array_equal(extracted.unit.numpy().T, codec.codes(wave, RATE))
    decoded = superb.decode_unit(extracted.stuff_for_synth)
    assert (decoded.shape, decoded.dtype) == ((1, len(wave)), np.float32)
    np.testing.assert_array_equal(decoded[0], codec.decode(codec.encode(wave, RATE)))
    assert not superb.is_1d()


def test_synthesis_keeps_rate_and_length(superb, wave, in_folder):
    given = data(wave, 2 * RATE)
    result = superb.synth(given, local_save=False)
    assert result["audio"]["sampling_rate"] == 2 * RATE
    assert abs(result["audio"]["array"].shape[1] - len(wave)) <= 2
    assert result["unit"].ndim == 2
    saved = superb.synth(data(wave), local_save=True)
    assert saved["audio"] == str(Path("dummy_sottovoce_default", "a.wav"))
    assert soundfile.info(saved["audio"]).frames == len(wave)


def test_batches(superb, wave):
    batch = superb.batch_extract_unit([data(wave), data(wave[:5000])])
    assert batch.batch_size == len(batch.units) == 2
    assert [one.shape for one in superb.batch_decode_unit(batch)] == [(1, len(wave)), (1, 5000)]
    assert len(superb.batch_synth([data(wave[:5000])], local_save=False)) == 1
