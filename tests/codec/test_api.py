import io

import numpy as np
import pytest
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError, info
from sottovoce.codec.bits import Reader
from sottovoce.codec.models import blocks_of


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 192000])
def test_there_and_back(codec, rate):
    data = codec.encode(speech(3, rate, 2), rate)
    wave = codec.decode(data)
    assert (wave.shape, wave.dtype) == ((48000,), np.float32)
    assert np.abs(wave).max() <= 1
    found = info(data)
    assert (found.source_rate, found.source_channels, found.seconds, found.bytes) == (rate, 2, 3, len(data))


def test_loudness_comes_back(codec):
    loud, quiet = (codec.decode(codec.encode(speech(3, level=level), 16000)) for level in (0.5, 0.005))
    assert loud.std() / quiet.std() == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize("samples", [1, 160, 320, 32000])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_short_silent_and_clipped(codec, samples, value):
    wave = codec.decode(codec.encode(np.full(samples, value), 16000))
    assert len(wave) == samples
    if not value:
        assert not wave.any()


def test_integers_and_floats_are_the_same(codec):
    wave = (speech(1) * 32768).astype(np.int16)
    assert codec.encode(wave, 16000) == codec.encode(wave / 32768, 16000)


@pytest.mark.parametrize("preset", ["low", "default", "max"])
def test_codes_are_what_the_file_holds(toy, preset):
    codec = Codec.load(preset=preset)
    codes = codec.codes(speech(3.01), 16000)
    assert codes.shape == (76, codec.preset.books)
    assert codes.min() >= 0
    assert (codes < np.array(codec.codebook_sizes)).all()
    data = codec.encode(speech(3.01), 16000)
    blocks = blocks_of(Reader(io.BytesIO(data)), codec.model, codec.preset)
    np.testing.assert_array_equal(codes, np.concatenate([block.codes for block in blocks]))


def test_decode_takes_model_and_preset_from_the_file(toy):
    data = Codec.load(model="other", preset="max").encode(speech(1), 16000)
    assert np.array_equal(Codec.load(preset="low").decode(data), Codec.load(model="other", preset="max").decode(data))


def test_decode_many(codec):
    files = [codec.encode(speech(seconds), 16000) for seconds in (0.1, 2.5, 1)]
    for together, alone in zip(
        codec.decode_many(files, seed=3), [codec.decode(one, seed=3) for one in files], strict=True
    ):
        assert np.array_equal(together, alone)


def test_rates(codec):
    assert codec.bit_rate == 600
    assert (codec.frame_rate, codec.num_codebooks, codec.codebook_sizes) == (25, 3, (1024, 128, 128))
    assert Codec.load(preset="low").bit_rate == 250


@pytest.mark.parametrize(
    ("wave", "rate"), [([], 16000), ([np.nan], 16000), ([[[1.0]]], 16000), ([0.1], 10), (0.5, 16000)]
)
def test_bad_waves(codec, wave, rate):
    with pytest.raises(SottoError):
        codec.encode(wave, rate)


@pytest.mark.parametrize("shape", [(2, 0), (9, 10), (12, 300), (300, 256)])
def test_channels_come_last(codec, shape):
    with pytest.raises(SottoError, match="transpose"):
        codec.encode(np.zeros(shape), 16000)
    with pytest.raises(SottoError, match="transpose"):
        codec.codes(np.zeros(shape), 16000)


@pytest.mark.parametrize("shape", [(1, 8), (9, 9), (300, 255)])
def test_many_channels(codec, shape):
    assert info(codec.encode(np.zeros(shape), 16000)).seconds == shape[0] / 16000


@pytest.mark.parametrize("rate", ["16000", 16000.0, None, 0, -16000, 2**70])
def test_bad_rates(codec, rate):
    with pytest.raises(SottoError, match="sample rate"):
        codec.encode(np.zeros(10), rate)


def test_seeds(codec):
    data = codec.encode(speech(1), 16000)
    assert np.array_equal(codec.decode(data, seed=np.uint8(3)), codec.decode(data, seed=3))
    assert len(codec.decode(data, seed=2**64 - 1)) == 16000
    for seed in (-1, 2**64, 1.0, "1", None):
        with pytest.raises(SottoError, match="seed"):
            codec.decode(data, seed=seed)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\x89STO", b"\x89STO\x02\x00" + bytes(40)])
def test_bad_files(codec, data):
    with pytest.raises(SottoError):
        codec.decode(data)
    with pytest.raises(SottoError):
        info(data)


@pytest.mark.parametrize(("preset", "model"), [("loud", "default"), ("default", "none")])
def test_bad_names(toy, preset, model):
    with pytest.raises(SottoError, match="choose one of"):
        Codec.load(model=model, preset=preset)


def test_codes_come_back_as_speech(codec):
    wave = speech(3)
    codes, speaker, level = codec.codes(wave, 16000), codec.speaker(wave, 16000), codec.level(wave, 16000)
    found = info(codec.encode(wave, 16000))
    assert (speaker.hex(), level) == (found.speaker, found.level)
    np.testing.assert_array_equal(
        codec.decode_codes(codes, speaker=speaker, level=level, seed=5),
        codec.decode(codec.encode(wave, 16000), seed=5),
    )
    assert len(codec.decode_codes(codes)) == 75 * 640
    codes[10:20] = -1
    assert len(codec.decode_codes(codes)) == 75 * 640
    assert len(codec.decode_codes(codes[:0])) == 0


@pytest.mark.parametrize(
    "codes", [[1, 2, 3], [[1, 2]], [[1.0, 2, 3]], [[1024, 0, 0]], [[-1, 0, 0]], [[-2, -2, -2]], [[0, 128, 0]]]
)
def test_what_is_no_codes_is_refused(codec, codes):
    with pytest.raises(SottoError, match="codes"):
        codec.decode_codes(codes)


def test_parts(codec):
    data = codec.encode(speech(5), 16000)
    assert len(codec.decode(data, start=1, stop=2.5)) == 24000
    assert len(codec.decode(codec.cut(data, start=1, stop=2.5))) == 16000 * 1.52
    with pytest.raises(SottoError, match=r"it ends at 5\.00 s"):
        codec.decode(data, start=7)
    with pytest.raises(SottoError, match=r"it ends at 5\.00 s"):
        codec.cut(data, start=7)


def test_joined_files(codec):
    one, two = codec.encode(speech(2), 16000), codec.encode(speech(2), 16000)
    assert info(codec.join([one, two])).seconds == 4
    with pytest.raises(SottoError, match="file 2: not of the same voice and level as file 1"):
        codec.join([one, codec.encode(speech(1, level=0.01), 16000)])
    with pytest.raises(SottoError, match="no files"):
        codec.join([])


def test_tags(codec):
    data = codec.encode(speech(1), 16000, tags={"TITLE": "A talk", "ARTIST": ["a", "b"]})
    assert info(data).tags == {"TITLE": ["A talk"], "ARTIST": ["a", "b"]}
    with pytest.raises(SottoError, match="no tag"):
        codec.encode(speech(1), 16000, tags={"": "x"})


def test_voices_by_measuring(codec):
    data, other = codec.encode(speech(1), 16000), speech(2, level=0.3)
    voice = codec.voice(other, 16000)
    np.testing.assert_array_equal(codec.decode(data, voice=voice), codec.decode(data, voice=voice))
    assert not np.array_equal(codec.decode(data, voice=voice), codec.decode(data))
    assert codec.voice(other, 16000, other) != b""
    with pytest.raises(SottoError, match="no voice named 'nobody'"):
        codec.decode(data, voice="nobody")
