"""Parts of files, and several files in one, decoded."""

import io
import os
import tracemalloc

import numpy as np
import pytest
from helpers import stub_release
from helpers.coded_toy import CodedToy
from helpers.sounds import speech

from sottovoce.codec import Codec, SottoError
from sottovoce.codec.bits import Reader
from sottovoce.codec.models import blocks_of
from sottovoce.codec.offline import lockstep
from sottovoce.codec.offline.decode import decode_stream
from sottovoce.codec.offline.options import DecodeOptions, TimeSpan
from sottovoce.codec.offline.result import Decoded
from sottovoce.models import release

STEP = 640


class Even:
    """In the place of noise."""

    def integers(self, low, high, size):
        return np.arange(size) % 32


@pytest.fixture
def evenly(toy, monkeypatch):
    """Has the toy's samples depend on nothing but the codes of their steps."""

    class Decoder(stub_release.Decoder):
        def __init__(self, speaker, seed):
            super().__init__(speaker, seed)
            self._random = Even()

    monkeypatch.setattr(stub_release, "Decoder", Decoder)


def decode(data: bytes, *span: float, sink=None) -> tuple[np.ndarray, Decoded]:
    sink = sink or io.BytesIO()
    found = decode_stream(io.BytesIO(data), sink, DecodeOptions(span=TimeSpan(*span)))
    return np.frombuffer(sink.getvalue()[44:], "<i2"), found


def codes_of(data: bytes) -> np.ndarray:
    codec = Codec.load()
    return np.concatenate([block.codes for block in blocks_of(Reader(io.BytesIO(data)), codec.model, codec.preset)])


SPANS = [(0, 7), (3.3, 4.4), (0.01, 0.02), (2, 4), (6.37, np.inf), (5.999, 6.001), (0, 0.04), (1.23456, 9.87654)]


@pytest.mark.parametrize(("start", "stop"), SPANS)
def test_a_part_is_the_same_as_of_the_whole(encode, evenly, start, stop):
    data = encode(speech(10))
    whole, _ = decode(data)
    found, told = decode(data, start, stop)
    np.testing.assert_array_equal(found, whole[round(start * 16000) : round(min(stop, 10) * 16000)])
    assert told.warnings() == [] and told.seconds == len(found) / 16000


@pytest.mark.parametrize(("start", "stop"), [(12.5, 20), (3.3, 4.4), (40, np.inf)])
def test_codes_are_those_of_the_whole_and_a_block_before(encode, monkeypatch, start, stop):
    used = []

    def noting(decoders, codes):
        used.extend(codes)
        return stub_release.decode_batch(decoders, codes)

    data = encode(speech(50))
    CodedToy.unpacked = 0
    monkeypatch.setattr(lockstep, "decode_batch", noting)
    decode(data, start, stop)
    seconds = min(stop, 50) - start
    if Reader(io.BytesIO(data)).header.coded:
        assert CodedToy.unpacked <= seconds / 2 + 4  # nothing that isn't needed is unpacked
    rows, whole = np.concatenate(used), codes_of(data)
    assert len(rows) <= seconds * 25 + 3 * 50
    places = [at for at in range(len(whole)) if np.array_equal(whole[at : at + len(rows)], rows)]
    first, last = int(start * 25), int(np.ceil(min(stop, 50) * 25))
    assert any(at <= max(0, first - 50) and at + len(rows) >= last for at in places)


def test_nothing_but_numbers_that_make_a_part():
    for span in ((-1,), (np.nan,), (np.inf,), (3, 3), (3, 2), (0, np.nan)):
        with pytest.raises(SottoError):
            TimeSpan(*span)


def test_out_of_range(encode):
    data = encode(speech(3))
    with pytest.raises(SottoError, match=r"it ends at 3\.00 s.*begin earlier"):
        decode(data, 3)
    with pytest.raises(SottoError, match=r"it ends at 6\.00 s"):
        decode(data + data, 6)
    found, told = decode(data, 1, 5)
    assert len(found) == 32000
    assert told.warnings() == ["it ends at 3.00 s already"]


def test_files_one_after_the_other(encode, evenly):
    files = [encode(speech(3.01)), encode(speech(2, level=0.3), "low"), encode(speech(0.47), "max"), encode(speech(5))]
    whole, told = decode(b"".join(files))
    np.testing.assert_array_equal(whole, np.concatenate([decode(one)[0] for one in files]))
    assert (told.files, told.warnings()) == (4, [])
    for start, stop in ((2, 4), (3.01, 5.01), (0.1, 3), (5.2, 10.4), (3.5, 4)):
        part, told = decode(b"".join(files), start, stop)
        np.testing.assert_array_equal(part, whole[round(start * 16000) : round(stop * 16000)])
        assert told.warnings() == []


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_pipe_is_told_the_length_of_all(codec):
    data = codec.encode(speech(1.5), 16000) + codec.encode(speech(2), 16000)
    file, pipe = io.BytesIO(), Pipe()
    decode_stream(io.BytesIO(data), file)
    decode_stream(io.BytesIO(data), pipe)
    assert pipe.getvalue() == file.getvalue()
    again = Pipe()
    decode_stream(Pipe(data), again)
    assert again.getvalue() == file.getvalue()
    part = Pipe()
    decode_stream(Pipe(data), part, DecodeOptions(span=TimeSpan(0.7, 2.1)))
    assert int.from_bytes(part.getvalue()[40:44], "little") == len(part.getvalue()) - 44 == 2 * 22400


def test_rubbish_between_and_behind_is_passed_by(encode, evenly):
    one, two = encode(speech(3)), encode(speech(4, level=0.3))
    both = np.concatenate([decode(data)[0] for data in (one, two)])
    rubbish = os.urandom(5000).replace(b"\x89", b"?") + b"\x89STO\1\0" + bytes(50)
    for data in (one + rubbish + two, one + two + rubbish, one + b"\0" + two):
        found, told = decode(data)
        np.testing.assert_array_equal(found, both)
        assert told.warnings() == ["something else follows the end, ignored"]


def test_of_a_second_file_without_a_header_the_third_is_left(encode, evenly):
    one, two, three = (encode(speech(seconds)) for seconds in (1, 2, 3))
    broken = two.replace(two[:9], bytes(9))  # each header that it has
    found, told = decode(one + broken)
    np.testing.assert_array_equal(found, decode(one)[0])
    assert told.warnings() == ["something else follows the end, ignored"]
    found, told = decode(one + broken + three)
    np.testing.assert_array_equal(found, np.concatenate([decode(one)[0], decode(three)[0]]))


def test_a_file_that_is_cut_off_leaves_the_next_one_alone(encode, evenly):
    one, two = encode(speech(9)), encode(speech(4, level=0.3))
    second = decode(two)[0]
    for size in (len(one) - 1, len(one) - 100, len(one) // 2):
        found, told = decode(one[:size] + two)
        np.testing.assert_array_equal(found[len(found) - len(second) :], second)
        assert told.files == 2 and len(told.warnings()) == 1


def test_many_files_take_no_more_memory(codec):
    data = codec.encode(speech(3), 16000)

    class Nowhere(io.RawIOBase):
        def seekable(self) -> bool:
            return True

        def seek(self, place: int, whence: int = 0) -> int:
            return place

        def write(self, data) -> int:
            return len(data)

    def peak(times: int) -> int:
        source = io.BytesIO(data * times)
        tracemalloc.start()
        assert decode_stream(source, Nowhere()).files == times
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(100) < peak(10) + 50_000


@pytest.mark.skipif(not release.available(), reason="no model in the box")
@pytest.mark.parametrize("speed", [1, 0.7, 1.5])
def test_times_are_those_of_the_original_whatever_the_speed(speed):
    data = Codec.load().encode(speech(2.317), 16000)
    whole = decode_whole(data, speed)
    start, stop = 0.31 * whole.seconds * speed, 0.62 * whole.seconds * speed
    part = decode_whole(data, speed, start, stop)
    assert part.seconds == pytest.approx((stop - start) / speed, rel=1e-3)
    rest = decode_whole(data, speed, stop)
    before = decode_whole(data, speed, 0, start)
    assert before.seconds + part.seconds + rest.seconds == pytest.approx(whole.seconds, abs=1e-9)


def decode_whole(data: bytes, speed: float, *span: float) -> Decoded:
    return decode_stream(io.BytesIO(data), io.BytesIO(), DecodeOptions(speed=speed, span=TimeSpan(*span)))
