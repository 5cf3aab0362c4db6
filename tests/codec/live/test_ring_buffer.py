import numpy as np
import pytest

from sottovoce.codec.live.ring_buffer import RingBuffer

RATE = 16000
STEEPEST = 0.02
"""A full-scale jump levelled over 5 ms moves by less from sample to sample; by 1 where it isn't."""


def ones(count):
    return np.ones(count, np.float32)


def taken(ring, frames, times):
    return np.concatenate([ring.read(frames)[0] for _ in range(times)])


def test_samples_pass_whole():
    ring = RingBuffer(RATE)
    wave = np.sin(np.arange(1000, dtype=np.float32) / 20)
    for start in range(0, 1000, 90):
        ring.write(wave[start : start + 90], start)
    assert ring.fill == 1000
    numbers = []
    out = []
    for _ in range(10):
        part, number = ring.read(100)
        out.append(part)
        numbers.append(number)
    assert np.array_equal(np.concatenate(out), wave)
    assert numbers == [100 * turn for turn in range(10)]
    assert (ring.fill, ring.underruns) == (0, 0)


def test_silence_before_the_first_sample_is_no_underrun():
    ring = RingBuffer(RATE)
    wave, number = ring.read(160)
    assert not wave.any()
    assert number is None
    assert ring.underruns == 0


def test_an_underrun_is_counted_once_and_faded():
    ring = RingBuffer(RATE)
    ring.write(ones(200), 0)
    out = taken(ring, 160, 4)
    assert ring.underruns == 1
    assert out[120] == out[199] == 1
    assert not out[290:].any()
    assert np.abs(np.diff(out[100:])).max() < STEEPEST
    ring.write(ones(500), 200)
    again = taken(ring, 160, 3)
    assert np.abs(np.diff(again, prepend=out[-1])).max() < STEEPEST
    assert again[-1] == 1
    assert ring.underruns == 1


@pytest.mark.parametrize("frames", [1, 30, 79, 160])
def test_fades_go_on_from_one_block_to_the_next(frames):
    ring = RingBuffer(RATE)
    ring.write(ones(240), 0)
    out = taken(ring, frames, 480 // frames)
    assert np.abs(np.diff(out)).max() < STEEPEST
    whole = RingBuffer(RATE)
    whole.write(ones(240), 0)
    assert out == pytest.approx(taken(whole, 480, 1)[: len(out)], abs=1e-6)


def test_a_piece_that_is_left_out_is_no_click():
    ring = RingBuffer(RATE)
    ring.write(ones(100), 0)
    ring.write(-ones(400), 1000)
    assert np.abs(np.diff(taken(ring, 160, 3)[90:])).max() < 2 * STEEPEST
    assert ring.underruns == 0


def test_the_end_is_no_underrun():
    ring = RingBuffer(RATE)
    ring.write(ones(100), 0)
    ring.finished = True
    out = taken(ring, 160, 2)
    assert ring.underruns == 0
    assert np.abs(np.diff(out[90:])).max() < STEEPEST


def test_numbers_count_from_the_start_of_what_is_taken():
    ring = RingBuffer(48000, 1 / 3)
    ring.write(ones(300), 50)
    assert ring.read(90)[1] == 50
    assert ring.read(90)[1] == 80
    assert ring.read(200)[1] == 110
    ring.write(ones(300), 150)
    assert ring.read(90)[1] == 150
