"""Entropy coding with the model in the box."""

import io
from dataclasses import replace

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.codec import Codec, SottoError, info
from sottovoce.codec.bits import Header, Reader, Writer
from sottovoce.codec.models import blocks_of, context_coder
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.options import EncodeOptions
from sottovoce.models import release

pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")
PRESETS = ("low", "default", "high", "max")


def encode(preset: str, wave: np.ndarray, **how) -> bytes:
    codec = Codec.load(preset=preset)
    file = io.BytesIO()
    encode_stream([wave], file, codec.model, codec.preset, EncodeOptions(len(wave), **how))
    return file.getvalue()


def rows(data: bytes, preset: str) -> np.ndarray:
    codec = Codec.load(preset=preset)
    return np.concatenate([b.codes for b in blocks_of(Reader(io.BytesIO(data)), codec.model, codec.preset)])


@pytest.mark.parametrize("preset", PRESETS)
def test_it_saves_bits_and_keeps_the_codes(preset):
    codec, wave = Codec.load(preset=preset), real_speech(8)
    data = encode(preset, wave)
    codes = rows(data, preset)
    plain = io.BytesIO()
    writer = Writer(
        plain,
        Header(codec.model.id, codec.preset.index, 8 * 16000, 16000, 1, 99, bytes(8)),
        codec.preset.bits,
        step=640,
    )
    writer.write(codes)
    writer.close()
    assert data[5] & 1 and len(data) < 0.92 * len(plain.getvalue())
    assert len(codes) == 200 and info(data).damaged == 0


@pytest.mark.parametrize("preset", PRESETS)
def test_the_coder_costs_next_to_nothing(preset):
    codec = Codec.load(preset=preset)
    codes = rows(encode(preset, real_speech(8)), preset)
    coder = context_coder(codec.model, codec.preset)
    for at in range(0, 200, 50):
        block = codes[at : at + 50]
        coder.reset()
        size = len(coder.encode(block))
        coder.reset()
        bits = (16 - np.log2(coder.bits(block))).sum()
        assert bits / 8 - 1 <= size <= 1.01 * bits / 8 + 2


def test_pauses_take_hardly_any_bits():
    wave = np.concatenate([real_speech(3), np.zeros(16000 * 20, np.float32), real_speech(3)])
    whole, without = encode("default", wave), encode("default", wave, dtx=True)
    assert without[5] & 0x41 == 0x41
    # A second of a pause is told by one step, and a block by its head, checksum and first step.
    assert len(without) < len(encode("default", real_speech(6))) + 10 * 14
    assert len(without) < len(whole)
    heard = Codec.load().decode(without)
    assert len(heard) == len(wave)
    assert np.abs(heard[16000 * 5 : 16000 * 22]).max() < 0.02
    assert np.std(heard[-32000:]) > 0.02


def test_dtx_keeps_what_is_said():
    wave = real_speech(6)
    ours, held = rows(encode("default", wave), "default"), rows(encode("default", wave, dtx=True), "default")
    same = (ours == held).all(1)
    assert 0.5 < same.mean() < 1
    loud = np.abs(wave.reshape(-1, 640)).max(1) > 0.01
    assert same[loud].all()


def test_a_file_that_was_coded_with_other_tables_is_refused_but_told():
    codec = Codec.load()
    (former, *_) = codec.model.previous_ids
    reader = Reader(io.BytesIO(codec.encode(real_speech(1), 16000)))
    foreign = replace(reader.header, model=former).pack() + bytes(200)
    with pytest.raises(SottoError, match="earlier version"):
        codec.decode(foreign)
    found = info(foreign)
    assert found.model_id == former.hex() and found.blocks is None and found.speaker
