import pytest

from sottovoce.cli.support.shards import WHOLE, Shard, parse_shard


def test_shards_are_read():
    assert parse_shard("3/100") == Shard(3, 100)
    assert parse_shard("1/1") == WHOLE


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "1/2/3", "a/b", "1.0/2", "/", "٣/٤"])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError):
        parse_shard(text)


@pytest.mark.parametrize("items", [0, 1, 7, 100])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_shards_are_disjoint_complete_and_even(items, count):
    shards = [Shard(number, count).of(range(items)) for number in range(1, count + 1)]
    assert sorted(item for shard in shards for item in shard) == list(range(items))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
