"""Tables put into a model that change none of its samples."""

import numpy as np
import pytest

from sottovoce.models import release
from sottovoce.models.release import Release, read, with_tables

pytestmark = pytest.mark.skipif(not release.available(), reason="no model in the box")
TABLES = {"extra.first": np.arange(6, dtype=np.int8), "extra.second.0": np.ones((2, 3), np.int16)}


def test_tables_are_there_and_the_rest_is_as_it_was():
    data, card = read("default")
    before = Release("default", data, card)
    after = Release("changed", *with_tables(data, card, TABLES))
    assert set(after.weights) == set(before.weights) | set(TABLES)
    for name, array in (before.weights | TABLES).items():
        np.testing.assert_array_equal(after.weights[name], array)
    assert after.config == before.config and after.presets == before.presets
    assert after.id != before.id and after.previous_ids == (*before.previous_ids, before.id)
    assert after.card["data"] == before.card["data"]


def test_tables_are_replaced_and_stay_under_the_id_they_were_of():
    data, card = with_tables(*read("default"), TABLES)
    assert with_tables(data, card, TABLES) == (data, card)
    before, tables = Release("before", data, card), {"extra.third": np.zeros(1, np.int8)}
    other = Release("other", *with_tables(data, card, tables))
    assert "extra.third" in other.weights and "extra.first" not in other.weights
    assert other.previous_ids == (*before.previous_ids, before.id)
    for name, array in TABLES.items():
        np.testing.assert_array_equal(other.weights[f"former.{before.id.hex()}.{name}"], array)
