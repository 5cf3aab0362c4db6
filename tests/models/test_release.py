"""Tables put into a model that change none of its samples."""

import contextlib
import hashlib
import json

import numpy as np
import pytest

from sottovoce.models import release
from sottovoce.models.errors import SottoError
from sottovoce.models.release import Release, load, read, with_tables

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


@pytest.mark.parametrize("files", range(4))
def test_whenever_writing_ends_there_is_a_whole_model(tmp_path, monkeypatch, files):
    """As when the process is killed after so many of the files have their names."""
    old, card = read("default")
    new = with_tables(old, card, TABLES)
    release.write(tmp_path / "mine", old, card)
    with pytest.raises(SottoError, match="exists already"):
        release.write(tmp_path / "mine", *new)
    done, real = [], release.replace

    def killed(path, **how):
        if len(done) == files:
            raise KeyboardInterrupt
        done.append(path)
        return real(path, **how)

    monkeypatch.setattr(release, "replace", killed)
    with contextlib.suppress(KeyboardInterrupt):
        release.write(tmp_path / "mine", *new, force=True)
    found = load(str(tmp_path / "mine.safetensors"))
    assert found.card == (new[1] | ({"before": card} if files == 2 else {}) if files > 1 else card)
    assert found.id.hex() == found.card["sha256"][:8]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.safetensors"]


@pytest.mark.parametrize("change", ["preset", "shape", "rate"])
def test_weights_from_elsewhere_are_tried_out(tmp_path, change):
    data, card = read("default")
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    facts = json.loads(head["__metadata__"]["sottovoce"])
    if change == "preset":
        facts["presets"][0]["books"] = 0
    elif change == "shape":
        head["books.0"]["shape"].reverse()
    else:
        facts["config"]["model"]["rate"] = 0
    head["__metadata__"]["sottovoce"] = json.dumps(facts)
    packed = json.dumps(head).encode()
    changed = len(packed).to_bytes(8, "little") + packed + data[8 + size :]
    (tmp_path / "x.safetensors").write_bytes(changed)
    (tmp_path / "x.json").write_text(json.dumps(card | {"sha256": hashlib.sha256(changed).hexdigest()}))
    with pytest.raises(ValueError):
        load(str(tmp_path / "x.safetensors"))
