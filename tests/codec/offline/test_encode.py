import io
import os
import tracemalloc
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from helpers import stub_release
from helpers.sounds import speech

from sottovoce.codec import SottoError
from sottovoce.codec.bits import BLOCK_STEPS, Header, Reader, Writer
from sottovoce.codec.offline.decode import decode_stream, wav_decoding
from sottovoce.codec.offline.encode import encode_stream
from sottovoce.codec.offline.lockstep import run_in_lockstep
from sottovoce.codec.offline.options import DecodeOptions, EncodeOptions
from sottovoce.codec.voice.tracker import HEAD_SECONDS

pytestmark = pytest.mark.usefixtures("toy")

MODEL = stub_release.load("default")
PRESET = MODEL.presets["default"]


def encode(blocks, **how) -> bytes:
    sink = io.BytesIO()
    encode_stream(blocks, sink, MODEL, PRESET, EncodeOptions(**how))
    return sink.getvalue()


def decode(data: bytes, seed: int = 0) -> bytes:
    sink = io.BytesIO()
    decode_stream(io.BytesIO(data), sink, DecodeOptions(seed))
    return sink.getvalue()


@pytest.mark.parametrize("seconds", [0.001, 0.5, 61.3, HEAD_SECONDS])
def test_any_chunks_give_the_same_bytes(seconds):
    wave = speech(seconds)
    whole = encode([wave])
    random = np.random.default_rng(1)
    cuts = np.sort(random.integers(0, len(wave), 9))
    assert encode(np.split(wave, cuts)) == whole
    assert encode(iter(np.array_split(wave, 400 if seconds > 1 else 3))) == whole


@pytest.mark.parametrize("samples", [1, 320, 639, 640, 641, 32000, 32001, 63999])
@pytest.mark.parametrize("known", [True, False])
def test_length_is_exact(samples, known):
    data = encode([speech(samples / 16000)], samples=samples if known else None)
    assert len(decode(data)) == 44 + 2 * samples


def test_empty_is_refused():
    with pytest.raises(SottoError, match="no samples"):
        encode([np.zeros(0, np.float32)])


def test_seed_decides():
    data = encode([speech(1)])
    assert decode(data, 1) == decode(data, 1) != decode(data, 2)


def test_damage_is_concealed_and_told():
    wave = speech(10)
    data = bytearray(encode([wave], samples=len(wave)))
    data[len(data) // 2] ^= 1
    sink = io.BytesIO()
    found = decode_stream(io.BytesIO(data), sink)
    assert found.warnings() == ["1 of 5 blocks damaged, concealed"]
    assert len(sink.getvalue()) == 44 + 2 * len(wave)


def test_rubbish_after_the_header_is_not_made_into_hours():
    head = Header(MODEL.id, 1, None, 16000, 1, 100, bytes(8)).pack()
    found = decode_stream(io.BytesIO(head + bytes(range(256)) * 200), io.BytesIO())
    assert found.seconds == 60
    assert found.missing > 600
    assert len(found.warnings()) == 2


def test_cut_off_is_told():
    wave = speech(10)
    data = encode([wave], samples=len(wave))
    found = decode_stream(io.BytesIO(data[: len(data) // 2]), io.BytesIO())
    (warning,) = found.warnings()
    assert warning == f"cut off, the last {10 - found.seconds:.2f} s are missing"
    with pytest.raises(SottoError, match="before the speech begins"):
        decode(data[:40])


def test_something_behind_the_end_is_told():
    found = decode_stream(io.BytesIO(encode([speech(1)], samples=16000) + b"more"), io.BytesIO())
    assert found.warnings() == ["something else follows the end, ignored"]


def test_missing_end_is_told():
    found = decode_stream(io.BytesIO(encode([speech(1)], samples=16000)[:-1]), io.BytesIO())
    assert found.warnings() == ["the end is damaged or missing"]


def test_other_model_and_preset():
    for header, reason in (
        (Header(b"abcd", 1, 640, 16000, 1, 100, bytes(8)), "needs the model 61626364"),
        (Header(MODEL.id, 77, 640, 16000, 1, 100, bytes(8)), "needs preset 77"),
    ):
        sink = io.BytesIO()
        writer = Writer(sink, header, PRESET.bits, step=640)
        writer.write([[1, 2, 3]])
        writer.close()
        with pytest.raises(SottoError, match=reason):
            decode(sink.getvalue())


def test_a_huge_promise_costs_nothing():
    sink = io.BytesIO()
    writer = Writer(sink, Header(MODEL.id, 1, 2**63, 16000, 1, 100, bytes(8)), PRESET.bits, step=640)
    writer.write(np.ones((BLOCK_STEPS, 3), int))
    tracemalloc.start()
    found = decode_stream(io.BytesIO(sink.getvalue()), io.BytesIO())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.seconds == 2
    assert peak < 10_000_000


def begin(data: bytes, sink: io.BytesIO):
    """Begin to decode a file, from its start."""
    sink.truncate(sink.seek(0))
    return wav_decoding(io.BytesIO(data), sink)


def test_several_at_once_give_the_same_as_alone():
    other = stub_release.load("other")
    files = [encode([speech(seconds)]) for seconds in (1, 5.3, 0.1)]
    sink = io.BytesIO()
    encode_stream([speech(3)], sink, other, other.presets["max"])
    files.append(sink.getvalue())
    sinks = [io.BytesIO() for _ in range(len(files) + 1)]
    outcomes = run_in_lockstep(
        [partial(begin, data, sink) for data, sink in zip([*files, b"foreign"], sinks, strict=True)]
    )
    assert [sink.getvalue() for sink in sinks[:-1]] == [decode(data) for data in files]
    assert isinstance(outcomes[-1], Exception)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes[:-1])


@pytest.mark.parametrize("good", [0, 2])
def test_one_that_fails_late_leaves_the_others_whole(monkeypatch, good):
    files = [encode([speech(seconds)]) for seconds in (9.1, 7, 11)]
    expected = [decode(data) for data in files]

    def fail_at_the_third_block(decoders, codes):
        waves = stub_release.decode_batch(decoders, codes)  # all of them have moved on when it fails
        if any(decoder.guilty and decoder.pushed >= 3 for decoder in decoders):
            raise ValueError("a decoder that fails")
        return waves

    class Decoder(stub_release.Decoder):
        def __init__(self, speaker, seed):
            super().__init__(speaker, seed)
            self.guilty, self.pushed = speaker == guilty, 0

        def push(self, codes):
            self.pushed += 1
            return super().push(codes)

    guilty = b"\x01" * 8
    header = Reader(io.BytesIO(files[1])).header
    blocks = files[1][len(header.pack()) :]
    files[1] = replace(header, speaker=guilty).pack() + blocks
    monkeypatch.setattr(stub_release, "Decoder", Decoder)
    monkeypatch.setattr("sottovoce.codec.offline.lockstep.decode_batch", fail_at_the_third_block)
    sinks = [io.BytesIO() for _ in files]
    outcomes = run_in_lockstep([partial(begin, data, sink) for data, sink in zip(files, sinks, strict=True)])
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[good].warnings() == []
    assert sinks[good].getvalue() == expected[good]


class Nowhere(io.RawIOBase):
    def write(self, data) -> int:
        return len(data)


def peak_of(work) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_is_flat_in_the_length():
    def encode_minutes(minutes: int) -> io.BytesIO:
        sink = io.BytesIO()
        encode_stream((speech(1) for _ in range(60 * minutes)), sink, MODEL, PRESET)
        return sink

    short, long = encode_minutes(2), encode_minutes(20)
    assert len(Reader(io.BytesIO(long.getvalue())).header.speaker) == 8
    assert peak_of(lambda: encode_minutes(20)) < peak_of(lambda: encode_minutes(2)) + 500_000  # the sink grows too
    for file in (short, long):
        file.seek(0)
    of_short = peak_of(lambda: decode_stream(short, Nowhere()))
    assert peak_of(lambda: decode_stream(long, Nowhere())) < of_short + 200_000


def test_every_truncation_and_many_mutations():
    """One clear error, or speech of a bounded length: nothing else. SOTTO_MUTATIONS=100000 takes minutes."""
    data = encode([speech(5)], samples=80000)
    random = np.random.default_rng(0)
    broken = [data[:size] for size in range(len(data))]
    for _ in range(int(os.environ.get("SOTTO_MUTATIONS", "3000"))):
        mutated = np.frombuffer(data, np.uint8).copy()
        places = random.integers(0, len(data), random.integers(1, 6))
        mutated[places] = random.integers(0, 256, len(places))
        mutated = mutated[: random.integers(1, len(data) + 1)] if random.random() < 0.2 else mutated
        broken.append(mutated.tobytes())
    decoded = 0
    for one in broken:
        try:
            found = decode_stream(io.BytesIO(one), Nowhere())
        except (SottoError, ValueError) as error:
            assert error.reason and error.remedy
        else:
            decoded += 1
            assert found.seconds <= 5
    assert decoded > 1000
