"""The API uses one thread, as the commands do, and leaves what it found."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sottovoce.codec import Codec
from sottovoce.codec.threads import VARIABLES, single_thread


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.fixture
def two(monkeypatch):
    np.ones((2, 2)) @ np.ones((2, 2))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(2, "blas"):
        if threads() != {2}:
            pytest.skip("BLAS without threads")
        yield


def test_one_thread_inside(two):
    with single_thread():
        with single_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}


def test_threads_that_were_asked_for_stay(two, monkeypatch):
    monkeypatch.setenv(VARIABLES[0], "2")
    with single_thread():
        assert threads() == {2}


def test_the_api(toy, two, monkeypatch):
    seen = []
    codec = Codec.load()
    encoder = type(codec.model).encoder
    monkeypatch.setattr(type(codec.model), "encoder", lambda *given: seen.append(threads()) or encoder(*given))
    codec.encode(np.zeros(16000, np.float32), 16000)
    assert seen == [{1}]
    assert threads() == {2}
