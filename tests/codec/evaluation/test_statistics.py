import numpy as np

from sottovoce.codec.evaluation.statistics import _draws, interval


def test_speakers_are_drawn_together():
    values, own = [1.0] * 9 + [0.0] * 9 + [None], [str(i) for i in range(19)]
    together = interval(values, [str(i // 3) for i in range(19)])
    apart = interval(values, own)
    assert together["mean"] == apart["mean"] == 0.5
    assert together["count"] == 18
    assert together["high"] - together["low"] > apart["high"] - apart["low"]


def test_of_fewer_than_three_speakers_recordings_are_drawn():
    values = list(np.random.default_rng(0).normal(0, 1, 20))
    assert interval(values, ["a", "b"] * 10) == interval(values, [f"{i:02}" for i in range(20)])


def test_by_its_definition():
    random = np.random.default_rng(3)
    values, speakers = random.normal(2, 1, 30), random.integers(0, 7, 30)
    drawn = np.random.default_rng(1).integers(0, 7, (2000, 7))
    means = [np.concatenate([values[speakers == one] for one in row]).mean() for row in drawn]
    low, high = np.percentile(means, (2.5, 97.5))
    found = interval(list(values), [str(one) for one in speakers])
    assert found == {
        "mean": round(values.mean(), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "count": 30,
    }


def test_nothing_known():
    assert interval([None, None], ["a", "b"]) is None
    assert interval([None, 2.0], ["a", "b"]) == {"mean": 2.0, "low": 2.0, "high": 2.0, "count": 1}


def test_draws_of_many_sizes_are_not_all_kept():
    for count in range(3, 9):
        interval([1.0] * count, [str(i) for i in range(count)])
    assert _draws.cache_info().currsize <= 2


def test_recordings_weigh():
    found = interval([10.0, 40.0, None], ["a", "b", "c"], [3.0, 1.0, None])
    assert (found["mean"], found["low"], found["high"], found["count"]) == (17.5, 10, 40, 2)
