"""What the sampler promises, whichever kernel runs."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from scipy import stats

from sottovoce.models.runtime.state import State
from sottovoce.models.wavenet.excitation import teacher_forcing
from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.kernels import kernels
from sottovoce.models.wavenet.sampler import sample
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.teacher_forcing import logits


def test_chunks_change_nothing(small, make_frames):
    frames = make_frames(small.tables, 1, 23)
    whole = sample(small.tables, [Stream(small.tables, 1)], frames)
    stream, pieces, at = Stream(small.tables, 1), [], 0
    draw = np.random.default_rng(0)
    while at < 23:
        n = int(draw.integers(0, 6))
        pieces.append(sample(small.tables, [stream], frames[:, at : at + n]))
        at += n
    np.testing.assert_array_equal(whole, np.concatenate(pieces, 1))


@pytest.mark.parametrize("kernel", kernels())
def test_company_changes_nothing(small, make_frames, kernel):
    frames = make_frames(small.tables, 6, 3)
    streams = [Stream(small.tables, 3, k) for k in range(6)]
    sample(small.tables, [streams[2]], frames[2:3], kernel)  # streams of one call needn't be equally old
    alone = np.concatenate(
        [sample(small.tables, [resumed(small.tables, s.state)], frames[[k]], kernel) for k, s in enumerate(streams)]
    )
    np.testing.assert_array_equal(sample(small.tables, streams, frames, kernel), alone)
    assert all((alone[0] != other).any() for other in alone[1:])


def resumed(tables, state):
    stream = Stream(tables)
    stream.state = state
    return stream


def test_saved_and_restored(small, make_frames):
    frames = make_frames(small.tables, 1, 8)
    stream = Stream(small.tables, 9, 4)
    sample(small.tables, [stream], frames)
    state = stream.state
    want = sample(small.tables, [stream], frames)
    assert (stream.memory != state.arrays["memory"]).any()
    for again in (State.load(state.save()), state.copy(), state):
        np.testing.assert_array_equal(sample(small.tables, [resumed(small.tables, again)], frames), want)
    with pytest.raises(ValueError, match="another network"):
        stream.state = State({"memory": state.arrays["memory"][:-1]})


def test_seeds_and_numbers_differ(small, make_frames):
    frames = make_frames(small.tables, 1, 2)
    keys = [(0, 0), (1, 0), (2**32, 0), (0, 1), (0, 2**32)]
    each = {sample(small.tables, [Stream(small.tables, *key)], frames).tobytes() for key in keys}
    assert len(each) == len(keys)


def test_inputs_are_those_of_training(small, make_frames):
    """What the sampler feeds its network is what teacher forcing makes of its samples."""
    n = 20
    frames = make_frames(small.tables, 1, n)
    frames.inverse_temperature[:], frames.probability_floor[:] = 4096, 0
    trace = np.empty((1, n * 160, 7), np.int16)
    s = torch.from_numpy(sample(small.tables, [Stream(small.tables)], frames, trace=trace) / 2**19)
    assert s.abs().max() < 1.9  # not clamped, or training could not tell
    lpc, gain = torch.from_numpy(frames.lpc / 2**12), torch.from_numpy(frames.gain / 2**19)
    period, voiced = torch.from_numpy(frames.period), torch.from_numpy(frames.voiced > 0)
    indices, target = teacher_forcing(s, lpc, gain, period, voiced, torch.zeros_like(s))
    # rounded samples and predictions move an index over a class's edge now and then; one class is as narrow as 0.0014
    difference = np.abs(trace[..., :6] - indices.numpy())
    assert difference.max() <= 4
    assert (difference[..., [0, 2]] <= 1).mean() > 0.95
    assert (trace[..., 6] == target.numpy()).mean() > 0.8
    drawn = trace[0, :, 6]
    np.testing.assert_array_equal(trace[0, 1:, 1], drawn[:-1])
    t = np.arange(600, n * 160)
    at = t // 160
    for tap in range(3):
        want = np.where(frames.voiced[0, at], drawn[t - frames.period[0, at] - 1 + tap], 256)
        np.testing.assert_array_equal(trace[0, t, 3 + tap], want)
    np.testing.assert_array_equal(trace[0, 0, :3], 128)  # silence before the first sample


def test_logits_do_not_depend_on_frames_to_come(small):
    cond = np.zeros((6, small.tables.layers * 2 * small.tables.channels), np.int16)
    index = small.indices[0].numpy()
    whole = logits(small.tables, index, cond)
    np.testing.assert_array_equal(whole[:320], logits(small.tables, index[:320], cond[:2]))


@pytest.fixture(scope="module")
def fixed(small) -> tuple[Tables, np.ndarray]:
    """A sampler that says the same distribution always, and its probabilities."""
    arrays = {name: array.copy() for name, array in small.tables.arrays.items()}
    wanted = np.rint(256 * (np.sin(np.arange(256) / 9) * 4 - ((np.arange(256) - 140) / 40) ** 2)).astype(int)
    arrays["head2"][:] = 0
    arrays["head2_shift"][:] = 10
    arrays["head2_multiplier"][:] = 2**14
    arrays["head2_bias"][:] = wanted << 11
    table = Tables(arrays)
    said = logits(table, np.zeros((160, 6), int), np.zeros((1, table.layers * 2 * table.channels), np.int16))
    np.testing.assert_array_equal(said[5], wanted)
    p = np.exp2(wanted / 256)
    return table, p / p.sum()


@pytest.mark.parametrize(
    ("inverse_temperature", "probability_floor"), [(4096, 0), (8192, 0), (2048, 0), (4096, 400), (6000, 100)]
)
def test_draws_follow_the_distribution(fixed, make_frames, inverse_temperature, probability_floor):
    tables, p = fixed
    n = 200
    frames = make_frames(tables, 1, n)
    frames.inverse_temperature[:], frames.probability_floor[:] = inverse_temperature, probability_floor
    trace = np.empty((1, n * 160, 7), np.int16)
    sample(tables, [Stream(tables, 11)], frames, trace=trace)
    width = np.exp2(tables.arrays["width"] / 256)
    p = width * (p / width) ** (inverse_temperature / 4096)  # the density is tempered, not the mass
    p /= p.sum()
    p = np.maximum(p - probability_floor / 2**16, 0)
    expected = p / p.sum() * n * 160
    seen = np.bincount(trace[0, :, 6], minlength=256)
    common = expected > 8
    seen = np.append(seen[common], seen[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    assert seen[-1] < 3 * expected[-1] + 10
    assert stats.chisquare(seen[:-1], expected[:-1] * seen[:-1].sum() / expected[:-1].sum()).pvalue > 1e-3


def test_a_floor_above_all_leaves_the_likeliest(fixed, make_frames):
    tables, p = fixed
    frames = make_frames(tables, 1, 1)
    frames.inverse_temperature[:], frames.probability_floor[:] = 4096, 65535
    trace = np.empty((1, 160, 7), np.int16)
    sample(tables, [Stream(tables)], frames, trace=trace)
    assert (p[trace[0, :, 6]] == p.max()).all()


@pytest.mark.parametrize("kernel", kernels())
def test_other_threads_go_on(small, make_frames, kernel):
    frames = make_frames(small.tables, 1, 400)
    sample(small.tables, [Stream(small.tables)], frames[:, :1], kernel)  # compiled
    thread = threading.Thread(target=sample, args=(small.tables, [Stream(small.tables)], frames, kernel))
    thread.start()
    turns = 0
    while thread.is_alive():
        turns += 1
    assert turns > 100


def test_bad_frames(small, make_frames):
    stream = Stream(small.tables)

    def refuses(match: str, **changes) -> None:
        frames = make_frames(small.tables, 1, 2)
        with pytest.raises(ValueError, match=match):
            sample(small.tables, [stream], Frames(**{**vars(frames), **changes}))

    good = np.full((1, 2), 100)
    refuses("gain", gain=good - 90)
    refuses("period", period=good + 401)
    refuses("period", period=good - 98)
    refuses("inverse_temperature", inverse_temperature=good * 200)
    refuses("probability_floor", probability_floor=good - 101)
    refuses("cond", cond=np.zeros((1, 2, 7), np.int16))
    refuses("lpc", lpc=np.zeros((1, 3, 16), np.int16))
    with pytest.raises(ValueError, match="does not run here"):
        sample(small.tables, [stream], make_frames(small.tables, 1, 1), kernel="abacus")
    with pytest.raises(ValueError, match="beyond the embedding"):
        logits(small.tables, np.full((160, 6), 257), np.zeros((1, small.tables.layers * 2 * small.tables.channels)))
    with pytest.raises(ValueError, match="twice"):
        sample(small.tables, [stream, stream], make_frames(small.tables, 2, 1))
    assert sample(small.tables, [stream], make_frames(small.tables, 1, 0)).shape == (1, 0)


def test_a_stream_of_another_network(case, small, make_frames):
    if Stream.size(case.tables) != Stream.size(small.tables):
        with pytest.raises(ValueError, match="another network"):
            sample(small.tables, [Stream(case.tables)], make_frames(small.tables, 1, 1))


def test_bad_tables(small):
    arrays = dict(small.tables.arrays)
    with pytest.raises(ValueError, match="no tanh"):
        Tables({name: array for name, array in arrays.items() if name != "tanh"})
    with pytest.raises(ValueError, match="head1_bias"):
        Tables({**arrays, "head1_bias": arrays["head1_bias"][:-1]})
    with pytest.raises(ValueError, match="powers of two"):
        Tables({**arrays, "dilations": arrays["dilations"] * 3})


def test_needs_no_torch():
    code = "import sys, sottovoce.models.wavenet.sampler; sys.exit('torch' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
