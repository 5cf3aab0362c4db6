"""Protected recordings: the whole way, with the toy in place of the entropy coder."""

import io

import numpy as np
import pytest
from helpers.coded_toy import CodedToy
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError, info, models
from sottovoce.codec.bits import Reader
from sottovoce.codec.offline.damage import damaged
from sottovoce.codec.offline.decode import decode_stream
from sottovoce.codec.offline.edit import cut
from sottovoce.codec.offline.options import DecodeOptions, TimeSpan


@pytest.fixture(autouse=True)
def coder(toy, monkeypatch):
    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: CodedToy(preset))


def encode(seconds: float, protect: int) -> bytes:
    return Codec.load().encode(speech(seconds), 16000, protect=protect)


def codes_of(data: bytes) -> np.ndarray:
    codec = Codec.load()
    found = models.blocks_of(Reader(io.BytesIO(data)), codec.model, codec.preset)
    return np.concatenate([block.codes for block in found if block.codes is not None])


def test_lost_blocks_are_told_and_sound_the_same():
    data, plain = encode(40, 4), encode(40, 0)
    broken = damaged(data, loss=0.1, seed=2)
    sinks = io.BytesIO(), io.BytesIO()
    told = decode_stream(io.BytesIO(broken), sinks[0])
    assert told.restored and told.warnings() == [f"{told.restored} of 20 blocks lost, restored"]
    assert decode_stream(io.BytesIO(plain), sinks[1]).warnings() == []
    assert sinks[0].getvalue() == sinks[1].getvalue()
    found = info(broken)
    assert (found.restored, found.damaged, found.blocks, found.protection) == (told.restored, 0, 20, 4)
    assert info(data).protecting == len(data) - len(plain) and info(plain).protecting == info(plain).protection == 0


def test_of_a_part_its_own_blocks_are_told():
    data = bytearray(encode(40, 2))
    spans = list(Reader(io.BytesIO(data)).spans(Codec.load().preset.bits, step=640))[1:]
    for start, stop in (spans[1], spans[9]):
        data[start:stop] = bytes(stop - start)
    told = decode_stream(io.BytesIO(data), io.BytesIO(), DecodeOptions(span=TimeSpan(0.5, 6)))
    assert (told.restored, told.blocks) == (1, 4)


def test_a_damaged_header_is_told():
    data = bytearray(encode(3, 1))
    data[7] ^= 1
    for stream in (data, encode(3, 1) + data):
        told = decode_stream(io.BytesIO(stream), io.BytesIO())
        size = Reader(io.BytesIO(data)).skipped
        assert told.warnings() == [f"a header is damaged, the next one was read, {size} bytes on"]
        assert info(bytes(stream)).skipped == size > 0

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    assert decode_stream(Pipe(data), Pipe()).skipped


def test_cut_files_are_protected_and_lost_blocks_can_be_cut():
    data = encode(40, 2)
    broken = damaged(data, loss=0.06, seed=1)
    assert info(broken).restored
    for source in (data, broken):
        sink = io.BytesIO()
        cut(io.BytesIO(source), sink, TimeSpan(4, 38))
        part = info(sink.getvalue())
        assert (part.protection, part.seconds, part.damaged) == (2, 34, 0)
        np.testing.assert_array_equal(codes_of(sink.getvalue()), codes_of(data)[100:950])


def test_damage_hits_all_but_the_first_header():
    data = encode(40, 3)
    head = Reader(io.BytesIO(data)).body
    hit = np.zeros(len(data), bool)
    for seed in range(30):
        broken = damaged(data, loss=0.5, seed=seed)
        hit |= np.frombuffer(broken, np.uint8) != np.frombuffer(data, np.uint8)
        assert len(broken) == len(data) and broken[:head] == data[:head]
    zeros = np.frombuffer(data, np.uint8) == 0
    assert hit[head:][~zeros[head:]].all()


@pytest.mark.parametrize("protect", [-1, 17, 1.5])
def test_nonsense_is_refused(protect):
    with pytest.raises(SottoError, match="protection"):
        encode(1, protect)


def test_a_model_without_tables_cannot_protect(monkeypatch):
    monkeypatch.setattr(models, "_coder", lambda model, prefix, preset: None)
    with pytest.raises(SottoError, match="no context model, which protection needs; leave it out"):
        encode(1, 1)
