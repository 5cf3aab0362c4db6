"""Every kernel against torch in float64 and against the others."""

import numpy as np
import pytest
import torch

from sottovoce.models.wavenet import numba_kernel
from sottovoce.models.wavenet.kernels import extension, kernels
from sottovoce.models.wavenet.quantize import float_tables
from sottovoce.models.wavenet.sampler import sample
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.teacher_forcing import float_logits, logits

compiled = pytest.mark.skipif(kernels() == ["numba"], reason="the C++ kernel was not built")


def conditioning(case) -> np.ndarray:
    return case.network.condition(case.condition)[0].numpy()


def reference(case) -> torch.Tensor:
    return case.network(case.indices, case.condition)[0]


@compiled
def test_float_logits(case):
    got = float_logits(
        float_tables(case.network.state_dict(), case.dilations), case.indices[0].numpy(), conditioning(case)
    )
    assert np.abs(got - reference(case).numpy()).max() < 1e-4


def test_integer_logits(case):
    cond = np.rint(conditioning(case) * 2**11).astype(np.int16)
    each = {name: logits(case.tables, case.indices[0].numpy(), cond, name) for name in kernels()}
    best = each.pop(kernels()[0])
    for name, other in each.items():
        np.testing.assert_array_equal(best, other, err_msg=name)
    want = torch.log_softmax(reference(case), -1) / np.log(2)
    got = torch.log_softmax(torch.from_numpy(best * (np.log(2) / 256)), -1) / np.log(2)
    divergence = (want.exp2() * (want - got)).sum(-1)
    assert divergence.mean() < 1e-4  # bits a sample
    assert want.std() > 0.5  # alive


def test_same_samples(case, make_frames):
    frames = make_frames(case.tables, 1, 4)
    each = {name: sample(case.tables, [Stream(case.tables, 2**63 + 5, 7)], frames, name) for name in kernels()}
    first = each[kernels()[0]]
    assert first.std() > 100
    for name, other in each.items():
        np.testing.assert_array_equal(first, other, err_msg=name)


def test_extremes_saturate_alike(small, make_frames):
    frames = make_frames(small.tables, 1, 3)
    wild = np.random.default_rng(1).integers(-(2**15), 2**15, frames.cond.shape).astype(np.int16)
    frames.cond[:] = np.where(wild % 3, wild, -(2**15))
    frames.lpc[:] = np.random.default_rng(2).integers(-(2**15), 2**15, frames.lpc.shape)  # as unstable as can be
    frames.gain[:] = 16, 2**26, 2**19
    each = [sample(small.tables, [Stream(small.tables)], frames, name) for name in kernels()]
    for other in each:
        np.testing.assert_array_equal(each[0], other)
    assert np.abs(each[0]).max() == 2**20 - 1


# Random123's known answers: counter, key, words
PHILOX = [
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), PHILOX)
def test_philox(counter, key, words):
    assert numba_kernel.philox(*map(np.uint64, counter + key)) == words
    if module := extension():
        assert module.philox(counter, key) == words


@compiled
def test_loop_takes_no_memory(small, make_frames):
    module = extension()
    frames = make_frames(small.tables, 2, 30)
    streams = [Stream(small.tables), Stream(small.tables)]
    for name in module.kernels():
        sample(small.tables, streams, frames[:, :1], name)
        before = module.allocations()
        sample(small.tables, streams, frames, name)
        assert module.allocations() == before + 1  # the call's scratch
