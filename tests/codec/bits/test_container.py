import io
import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.codec.bits import CodeBlock, Header, Reader, Writer

STEP = 640


def header(samples: int | None) -> Header:
    return Header(b"\1\2\3\4", 1, samples, 44100, 1, 190, b"speaker!")


def random_codes(steps: int, widths, seed: int = 0):
    return np.random.default_rng(seed).integers(0, 1 << np.array(widths), (steps, len(widths)), np.int16)


def write(codes, widths, samples: int, known: bool = True, cuts=(), **sizes) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, header(samples if known else None), widths, **({"step": STEP} | sizes))
    for piece in np.split(codes, sorted(cuts)):
        writer.write(piece)
    writer.close(samples)
    return stream.getvalue()


@st.composite
def recordings(draw):
    widths = tuple(draw(st.lists(st.integers(1, 15), min_size=1, max_size=8)))
    step, block_steps = draw(st.integers(1, 700)), draw(st.integers(1, 60))
    steps = draw(st.integers(0, 200))
    samples = max(0, steps * step - draw(st.integers(0, step - 1)))
    codes = random_codes(steps, widths, draw(st.integers(0, 2**32)))
    return codes, widths, samples, {"step": step, "block_steps": block_steps}


@given(recordings(), st.booleans(), st.data())
def test_round_trip_in_any_pieces(recording, known, data):
    codes, widths, samples, sizes = recording
    cuts = data.draw(st.lists(st.integers(0, len(codes)), max_size=10))
    whole = write(codes, widths, samples, known, **sizes)
    assert write(codes, widths, samples, known, cuts, **sizes) == whole

    reader = Reader(io.BytesIO(whole))
    assert reader.header == header(samples if known else None)
    blocks = list(reader.blocks(widths, **sizes))
    assert all(block.codes is not None and len(block.codes) == block.steps for block in blocks)
    assert all(block.steps == sizes["block_steps"] for block in blocks[:-1])
    back = np.concatenate([np.zeros((0, len(widths)), np.int16), *(block.codes for block in blocks)])
    # Where a step has fewer than 8 bits and the length is told last, zeros that fill up a byte may read as more steps.
    extra = len(back) - len(codes)
    assert extra == 0 or (not known and 0 < extra < 8 and not back[len(codes) :].any())
    assert np.array_equal(back[: len(codes)], codes)
    assert reader.total_samples == samples and reader.complete
    assert (reader.damaged_steps, reader.missing_steps, reader.trailing) == (0, 0, False)


def test_each_block_goes_out_as_soon_as_it_is_full():
    class Stream(io.BytesIO):
        flushed = 0

        def flush(self):
            self.flushed = len(self.getvalue())

    stream, codes = Stream(), random_codes(120, (10, 7, 7))
    writer = Writer(stream, header(None), (10, 7, 7), step=STEP)
    sizes = {stream.flushed}
    for code in codes:
        writer.write(code[None])
        sizes.add(stream.flushed)
    head = len(header(None).pack())
    assert sizes == {head, head + 154, head + 2 * 154}


def test_each_block_comes_out_of_a_pipe_as_soon_as_it_went_in():
    widths, codes = (10, 7, 7), random_codes(150, (10, 7, 7))
    incoming, outgoing = os.pipe()
    arrived = threading.Semaphore(0)

    def send():
        with open(outgoing, "wb") as stream:
            writer = Writer(stream, header(None), widths, step=STEP)
            for start in (0, 50, 100):
                writer.write(codes[start : start + 50])
                assert arrived.acquire(timeout=20)  # goes on only when the other side has the block
            writer.close()

    sender = threading.Thread(target=send)
    sender.start()
    with open(incoming, "rb", buffering=0) as stream:
        reader = Reader(stream)
        back = []
        for block in reader.blocks(widths, step=STEP):
            back.append(block.codes)
            arrived.release()
    sender.join()
    assert np.array_equal(np.concatenate(back), codes) and reader.complete and reader.total_samples == 150 * STEP


def test_short_reads_and_neither_seek_nor_tell():
    class Trickle:
        def __init__(self, data):
            self.stream = io.BytesIO(data)

        def read(self, count):
            return self.stream.read(min(count, 3))

    codes = random_codes(130, (10, 7, 7))
    reader = Reader(Trickle(write(codes, (10, 7, 7), 130 * STEP)))
    assert np.array_equal(np.concatenate([block.codes for block in reader.blocks((10, 7, 7), step=STEP)]), codes)


def test_a_long_stream_takes_no_more_memory():
    class SampleSink:
        """Reads back at once what was written, and remembers the most that it held."""

        def __init__(self):
            self.held, self.most = bytearray(), 0

        def write(self, data):
            self.held += data
            self.most = max(self.most, len(self.held))

        def flush(self):
            pass

        def read(self, count):
            data = bytes(self.held[:count])
            del self.held[:count]
            return data

    pipe, codes = SampleSink(), random_codes(50, (10, 7, 7))
    writer = Writer(pipe, header(None), (10, 7, 7), step=STEP)
    reader = Reader(pipe)
    blocks = reader.blocks((10, 7, 7), step=STEP)
    for _ in range(1000):
        writer.write(codes)
        assert np.array_equal(next(blocks).codes, codes)
    assert pipe.most == 154 and len(writer._pending) == 0 and len(reader._source._held) == 0


@pytest.mark.parametrize("known", [True, False])
def test_steps_that_do_not_make_the_length(known):
    for samples in (0, 9 * STEP, 10 * STEP + 1):
        with pytest.raises(ValueError, match="10 steps"):
            write(random_codes(10, (8,)), (8,), samples, known)
    writer = Writer(io.BytesIO(), header(10 * STEP), (8,), step=STEP)
    writer.write(random_codes(10, (8,)))
    with pytest.raises(ValueError, match="10 steps"):
        writer.close(10 * STEP - 1)


def test_misuse():
    with pytest.raises(ValueError, match="positive"):
        Writer(io.BytesIO(), header(0), (8,), step=0)
    reader = Reader(io.BytesIO(write(random_codes(0, (8,)), (8,), 0)))
    with pytest.raises(ValueError, match="positive"):
        reader.blocks((8,), step=STEP, block_steps=-1)
    reader = Reader(io.BytesIO(write(random_codes(0, (8,)), (8,), 0)))
    assert list(reader.blocks((8,), step=STEP)) == []
    with pytest.raises(RuntimeError, match="once"):
        reader.blocks((8,), step=STEP)


def test_three_seconds_at_24_bits_a_step_stay_under_700_bits_a_second():
    size = len(write(random_codes(75, (10, 7, 7)), (10, 7, 7), 48000))
    assert size * 8 <= 700 * 3


def test_block_is_small():
    assert not hasattr(CodeBlock(3, None), "__dict__")
